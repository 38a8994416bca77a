import { isTransient } from '@jumun/service-kit';

/** Says whose database it is that cannot be reached. */
export async function reach<T>(whose: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    if (!isTransient(error)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`the database of ${whose} cannot be used: ${message || code}`, { cause: error });
  }
}
