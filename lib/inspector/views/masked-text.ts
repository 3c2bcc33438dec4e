export const MASK = '•••';

/** Something like a field name up to its colon or equals sign. It starts at a word boundary, so that matching is linear. */
const NAME = /(?<![^\s"'=:,;&{}[\]<>()])([^\s"'=:,;&{}[\]<>()]+)["']?\s*[:=]\s*/g;
/** The field's value: a list or an object up to the end of the text, since its end is not known; unquoted, up to two words, as with `Bearer`. */
const VALUE = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[[{][^]*|[^\s,;&}]+(?:[ \t]+[^\s,;&}]+)?/y;

/** Masks values in a text of any format, after anything that looks like a sensitive field name. */
export function maskedText(text: string, mask: RegExp): string {
  let shown = '';
  let at = 0;
  NAME.lastIndex = 0;
  for (let found = NAME.exec(text); found; found = NAME.exec(text)) {
    if (!mask.test(found[1]!)) continue;
    shown += `${text.slice(at, NAME.lastIndex)}${MASK}`;
    VALUE.lastIndex = NAME.lastIndex;
    at = VALUE.test(text) ? VALUE.lastIndex : NAME.lastIndex;
    NAME.lastIndex = at;
  }
  return shown + text.slice(at);
}
