import type { DeadLetterFilter } from '../../protocol/dead-letter-store.js';
import type { KeptDeadLetter } from '../../protocol/dead-letter.js';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import { topicFilterProblem } from '../../protocol/topic-filter.js';
import { NO_MODULE, UsageError } from '../command.js';
import type { TaskValues } from './task-options.js';

/** Selects letters by id or by a filter. */
export interface Wanted {
  readonly ids: readonly string[];
  readonly filter: DeadLetterFilter;
}

/** @throws UsageError when the selection is ambiguous */
export function readWanted(
  task: string,
  ids: readonly string[],
  { pattern, topic, error, since, before, all = false }: TaskValues,
): Wanted {
  const problem = topic === undefined ? undefined : topicFilterProblem(topic);
  if (problem !== undefined) throw new UsageError(`--topic is neither a topic nor a Topic Filter: ${problem}.`);
  const filter = { pattern, topic, error, since: timeOf('since', since), before: timeOf('before', before) };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (ids.length > 0 && task === 'list') throw new UsageError(`${NO_MODULE} Letters are not listed by id.`);
  if (ids.length > 0 && (all || isFiltered)) throw new UsageError('Give either ids, or --all with an optional filter.');
  if (ids.length === 0 && !all && task !== 'list')
    throw new UsageError(`Give the ids of the letters to ${task}, or --all with an optional filter.`);
  return { ids, filter };
}

/** All letters that match a filter, oldest first. */
export async function* lettersOf(letters: DeadLetters, filter: DeadLetterFilter): AsyncGenerator<KeptDeadLetter> {
  let from: string | undefined;
  do {
    const page = await letters.list(filter, { from });
    yield* page.letters;
    from = page.next;
  } while (from !== undefined);
}

export async function countOf(letters: DeadLetters, filter: DeadLetterFilter): Promise<number> {
  let count = 0;
  let from: string | undefined;
  do {
    const page = await letters.list(filter, { from });
    count += page.letters.length;
    from = page.next;
  } while (from !== undefined);
  return count;
}

/** Parses the number of an option. @throws UsageError */
export function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && number > 0) return number;
  throw new UsageError(`--${option} is not a number greater than 0: ${text}`);
}

/** Parses a whole number, or Infinity. @throws UsageError */
export function wholeNumberOf(option: string, text: string | undefined): number | undefined {
  const number = numberOf(option, text);
  if (number === undefined || Number.isInteger(number) || number === Infinity) return number;
  throw new UsageError(`--${option} is not a whole number: ${text}`);
}

/** `1 dead letter`, `2 dead letters` */
export function lettersIn(count: number): string {
  return `${count} dead ${count === 1 ? 'letter' : 'letters'}`;
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`--${option} is not a time: ${text}. Give one such as 2026-01-31T12:00:00Z.`);
}
