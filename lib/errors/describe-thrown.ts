/** The `message` of a thrown value, or the value itself if it is a string; else undefined. Applications may throw any value, also one whose getters throw. */
export function textOfThrown(thrown: unknown): string | undefined {
  if (typeof thrown === 'string') return thrown;
  try {
    if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string')
      return thrown.message;
  } catch {
    // a getter threw
  }
  return undefined;
}

/** Any thrown value as text, for logs. Never throws. */
export function describeThrown(thrown: unknown): string {
  try {
    return textOfThrown(thrown) || String(thrown);
  } catch {
    return 'an error that cannot be shown';
  }
}

/** The text of a handler's error for callers and dead letters. Only its message is used: other fields may hold data that callers must not see. */
export function describeFailure(thrown: unknown): string {
  return textOfThrown(thrown) ?? 'the handler failed';
}
