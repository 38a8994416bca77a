/** What all of the work gives; where some of it fails, its first failure, once nothing is under way any more. */
export async function all<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work) as Promise<T>;
}
