/** The text of what was thrown; undefined when it has none. It need not be an Error, and its getters may throw themselves. */
export function textOfThrown(thrown: unknown): string | undefined {
  if (typeof thrown === 'string') return thrown;
  try {
    if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string')
      return thrown.message;
  } catch {
    // it cannot be looked at
  }
  return undefined;
}

/** What was thrown, as text. An application may throw any value, including errors whose getters throw. */
export function describeThrown(thrown: unknown): string {
  try {
    return textOfThrown(thrown) || String(thrown);
  } catch {
    return 'an error that cannot be shown';
  }
}

/** What a handler has thrown, in words, for callers and dead letters too: nothing of it is shown but its text. */
export function describeFailure(thrown: unknown): string {
  return textOfThrown(thrown) ?? 'the handler failed';
}
