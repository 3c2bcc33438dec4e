import { describeThrown } from '../../errors/describe-thrown.js';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import type { Task, TaskInput } from './task.js';
import { lettersIn, lettersOf } from './wanted-letters.js';

/** Fails when not all were discarded. */
export const discardLetters: Task = (input) => (letters) => discard(letters, input);

async function discard(letters: DeadLetters, { wanted: { ids, filter }, output }: TaskInput): Promise<void> {
  let discarded = 0;
  let failed = 0;
  const discardOne = async (id: string): Promise<void> => {
    try {
      await letters.discard(id);
      discarded++;
    } catch (error) {
      failed++;
      output.err(`${describeThrown(error)}\n`);
    }
  };
  if (ids.length > 0) for (const id of ids) await discardOne(id);
  else for await (const { id } of lettersOf(letters, filter)) await discardOne(id);
  output.out(`Discarded ${lettersIn(discarded)}.\n`);
  if (failed > 0) throw new Error(`${failed} could not be discarded.`);
}
