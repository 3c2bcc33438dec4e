import type { DeadLetterFilter } from '../../protocol/dead-letter-store.js';
import type { KeptDeadLetter } from '../../protocol/dead-letter.js';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import { UsageError } from '../command.js';

export const FILTER_OPTIONS = {
  pattern: { type: 'string' },
  topic: { type: 'string' },
  error: { type: 'string' },
  since: { type: 'string' },
  before: { type: 'string' },
} as const;

/** Selects letters by id or by a filter. */
export interface Wanted {
  readonly ids: readonly string[];
  readonly filter: DeadLetterFilter;
}

interface Given {
  readonly pattern?: string | undefined;
  readonly topic?: string | undefined;
  readonly error?: string | undefined;
  readonly since?: string | undefined;
  readonly before?: string | undefined;
  readonly all?: boolean | undefined;
}

/** @throws UsageError when the selection is ambiguous */
export function readWanted(
  task: string,
  ids: readonly string[],
  { pattern, topic, error, since, before, all = false }: Given,
): Wanted {
  const filter = { pattern, topic, error, since: timeOf('since', since), before: timeOf('before', before) };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (ids.length > 0 && (all || isFiltered || task === 'list'))
    throw new UsageError(task === 'list' ? 'Give one module.' : 'Give either ids, or --all with an optional filter.');
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

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`--${option} is not a time: ${text}. Give one such as 2026-01-31T12:00:00Z.`);
}
