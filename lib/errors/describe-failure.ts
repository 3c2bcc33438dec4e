/** The text of what was thrown; undefined when it has none. It need not be an Error, and its getters may throw themselves. */
export function failureText(thrown: unknown): string | undefined {
  if (typeof thrown === 'string') return thrown;
  try {
    if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string')
      return thrown.message;
  } catch {
    // it cannot be looked at
  }
  return undefined;
}

/** A failure in words, for the log, for dead letters and for callers. */
export function describeFailure(thrown: unknown): string {
  return failureText(thrown) ?? 'the handler failed';
}
