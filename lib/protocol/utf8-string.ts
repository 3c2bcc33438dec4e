/** Maximum length in bytes of a UTF-8 Encoded String (section 1.5.4). */
export const MAX_UTF8_BYTES = 65_535;

/** Why `text` is not a valid UTF-8 Encoded String [MQTT-1.5.4-1, MQTT-1.5.4-2]; undefined when it is valid. */
export function utf8StringProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'it contains the null character U+0000';
  if (!text.isWellFormed()) return 'it contains a lone surrogate, which UTF-8 cannot encode';
  // A UTF-16 code unit takes at most three bytes: short strings need not be measured.
  if (text.length * 3 > MAX_UTF8_BYTES && Buffer.byteLength(text) > MAX_UTF8_BYTES) {
    return `it is longer than ${MAX_UTF8_BYTES} bytes`;
  }
  return undefined;
}

/** Control characters, except U+0000, which is forbidden; and noncharacters. */
// oxlint-disable-next-line no-control-regex
const DISCOURAGED = /[\u{1}-\u{1f}\u{7f}-\u{9f}\p{Noncharacter_Code_Point}]/u;
const ALL_DISCOURAGED = new RegExp(DISCOURAGED, 'gu');

/**
 * The first character of a well-formed `text` that a UTF-8 Encoded String SHOULD NOT include (section 1.5.4): a control character
 * U+0001 to U+001F or U+007F to U+009F, or a noncharacter. A receiver may close the connection; Mosquitto does.
 *
 * @returns for example `the control character U+0002`; undefined when there is none
 */
export function discouragedCharacter(text: string): string | undefined {
  const codePoint = DISCOURAGED.exec(text)?.[0].codePointAt(0);
  if (codePoint === undefined) return undefined;
  const kind = codePoint < 0xa0 ? 'control character' : 'noncharacter';
  return `the ${kind} U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The text with every discouraged character replaced. */
export function withoutDiscouraged(text: string, replacement: string): string {
  return text.replace(ALL_DISCOURAGED, replacement);
}

/**
 * The beginning of any text as a UTF-8 Encoded String that every receiver accepts: null characters are removed, discouraged
 * characters such as line breaks become spaces, and lone surrogates are replaced, including one that the truncation creates.
 *
 * @param maxLength in UTF-16 code units
 */
export function utf8Excerpt(text: string, maxLength: number): string {
  return withoutDiscouraged(text.replaceAll('\0', ''), ' ').slice(0, maxLength).toWellFormed();
}
