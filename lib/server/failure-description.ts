/** A failure in words, for the log and for dead letters. What a handler throws need not be an Error. */
export function describeFailure(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return error.message;
  return 'the handler failed';
}
