export const MASK = '•••';

/** What looks like the name of a field, to its colon or equals sign. It begins where a word begins: the text is read once. */
const NAME = /(?<![^\s"'=:,;&{}[\]<>()])([^\s"'=:,;&{}[\]<>()]+)["']?\s*[:=]\s*/g;
/** Its value: a list or an object to the end of the text, for where it ends is not known; without quotes up to two words, as of `Bearer`. */
const VALUE = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[[{][^]*|[^\s,;&}]+(?:[ \t]+[^\s,;&}]+)?/y;

/** A text of any form, without the values of what looks like fields with telling names. */
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
