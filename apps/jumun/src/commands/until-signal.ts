/**
 * Does work that is to clean up after itself when it is interrupted.
 * @param what names it in the message
 * @throws what `work` throws; that is, where it heeds the signal, an Error that says so
 */
export async function untilSignal<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort(new Error(`${what} was interrupted`));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work(interrupted.signal);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
