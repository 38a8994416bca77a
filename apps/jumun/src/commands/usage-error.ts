/** The command was called in a way that there is not; the usage is shown. */
export class UsageError extends Error {
  override name = 'UsageError';
}
