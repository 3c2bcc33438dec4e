/** What was thrown, in words, whatever it is: an application may throw anything, also errors whose getters throw. */
export function describeThrown(thrown: unknown): string {
  try {
    return String((thrown instanceof Error && thrown.message) || thrown);
  } catch {
    return 'an error that cannot be shown';
  }
}
