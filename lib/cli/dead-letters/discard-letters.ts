import { describeThrown } from '../../errors/describe-thrown.js';
import type { Task } from './task.js';
import { lettersOf } from './wanted-letters.js';

/** @throws Error when not all were discarded */
export async function discardLetters({ letters, wanted: { ids, filter }, output }: Task): Promise<void> {
  let discarded = 0;
  let failed = 0;
  const discard = async (id: string): Promise<void> => {
    try {
      await letters.discard(id);
      discarded++;
    } catch (error) {
      failed++;
      output.err(`${describeThrown(error)}\n`);
    }
  };
  if (ids.length > 0) for (const id of ids) await discard(id);
  else for await (const { id } of lettersOf(letters, filter)) await discard(id);
  output.out(`Discarded ${discarded} dead letters.\n`);
  if (failed > 0) throw new Error(`${failed} could not be discarded.`);
}
