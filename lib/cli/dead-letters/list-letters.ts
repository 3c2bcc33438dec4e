import { writeDeadLetter } from '../../protocol/dead-letter-json.js';
import type { KeptDeadLetter } from '../../protocol/dead-letter.js';
import { withoutDiscouraged } from '../../protocol/utf8-string.js';
import type { Task } from './task.js';
import { wholeNumberOf } from './wanted-letters.js';

const DEFAULT_LIMIT = 50;
/** Letters per read from the store. */
const PAGE = 100;

/** Writes one line per letter: a summary, or with `--json` the whole letter, including the payload. */
export const listLetters: Task = ({ wanted: { filter }, values, output }) => {
  const limit = wholeNumberOf('limit', values.limit) ?? DEFAULT_LIMIT;
  const newestFirst = values.newest ?? false;
  return async (letters) => {
    let found = 0;
    let from: string | undefined;
    do {
      const page = await letters.list(filter, { limit: Math.min(limit - found, PAGE), from, newestFirst });
      for (const letter of page.letters) output.out(values.json ? asJson(letter) : asLine(letter));
      found += page.letters.length;
      from = page.next;
    } while (from !== undefined && found < limit);
    if (found === 0) output.err('No dead letters found.\n');
    else if (from !== undefined) output.err(`There may be more: list them with --limit ${limit * 10}.\n`);
  };
};

/** Without control characters: text from the network must not control the terminal. */
function asLine({ id, time, topic, attempts, replays, error, reason }: KeptDeadLetter): string {
  const runs = `${attempts} ${attempts === 1 ? 'run' : 'runs'}${replays > 0 ? `, replayed ${replays === 1 ? 'once' : `${replays} times`}` : ''}`;
  const why = error === undefined ? reason : `${error}: ${reason}`;
  return `${withoutDiscouraged(`${id}  ${new Date(time).toISOString()}  ${topic}  (${runs})  ${why}`, ' ')}\n`;
}

function asJson({ id, ...letter }: KeptDeadLetter): string {
  const json = `{"id":${JSON.stringify(id)},${writeDeadLetter(letter).slice(1)}`;
  return `${json.replaceAll(/[\u007f-\u009f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`)}\n`;
}
