import { UnavailableError } from './errors.ts';

/**
 * Waits for something, but not for ever.
 * @throws UnavailableError after `ms`; what it waited for goes on, and what becomes of that is nobody's concern any more
 */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnavailableError(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
