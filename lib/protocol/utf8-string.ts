/** Longest UTF-8 string that a control packet can carry (section 1.5.4). */
export const MAX_UTF8_BYTES = 65_535;

/** What forbids `text` as a UTF-8 Encoded String [MQTT-1.5.4-1, MQTT-1.5.4-2]; undefined when nothing does. */
export function utf8StringProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'it contains the null character U+0000';
  if (!text.isWellFormed()) return 'it contains a lone surrogate, which UTF-8 cannot encode';
  // A UTF-16 code unit takes at most three bytes: short texts need no counting.
  if (text.length * 3 > MAX_UTF8_BYTES && Buffer.byteLength(text) > MAX_UTF8_BYTES) {
    return `it is longer than ${MAX_UTF8_BYTES} bytes`;
  }
  return undefined;
}

/**
 * The beginning of any text as a UTF-8 Encoded String: null characters are left out and lone surrogates replaced, also one that
 * the cut makes.
 *
 * @param maxLength in UTF-16 code units
 */
export function utf8Excerpt(text: string, maxLength: number): string {
  return text.replaceAll('\0', '').slice(0, maxLength).toWellFormed();
}
