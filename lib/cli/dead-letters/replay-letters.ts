import { describeThrown } from '../../errors/describe-thrown.js';
import type { DeadLetterFilter } from '../../protocol/dead-letter-store.js';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import type { ReplayAllOptions, ReplayOptions, ReplayProgress } from '../../server/dead-letters/replay-options.js';
import { UsageError, type Output } from '../command.js';
import type { Task } from './task.js';
import { ProgressLine } from './progress-line.js';
import { countOf, lettersIn, numberOf, wholeNumberOf } from './wanted-letters.js';

/** Fails when wanted letters are left. */
export const replayLetters: Task = ({ wanted: { ids, filter }, values, output }) => {
  const { to } = values;
  if (to !== undefined && to !== 'handler' && to !== 'topic') throw new UsageError('--to must be handler or topic.');
  if (values.data !== undefined && ids.length !== 1) throw new UsageError('--data is for one letter.');
  const options: ReplayOptions = {
    to: to ?? 'handler',
    maxReplays: wholeNumberOf('max-replays', values['max-replays']),
    data: dataOf(values.data),
  };
  const perSecond = numberOf('per-second', values['per-second']);
  return (letters) =>
    ids.length > 0
      ? replayNamed(letters, ids, options, output)
      : replayAll(letters, filter, { ...options, perSecond }, output);
};

async function replayNamed(
  letters: DeadLetters,
  ids: readonly string[],
  options: ReplayOptions,
  output: Output,
): Promise<void> {
  let failed = 0;
  for (const id of ids) {
    try {
      await letters.replay(id, options);
      output.out(`Replayed dead letter ${id}.\n`);
    } catch (error) {
      failed++;
      output.err(`${describeThrown(error)}\n`);
    }
  }
  if (failed > 0)
    throw new Error(`${failed} of ${lettersIn(ids.length)} ${failed === 1 ? 'was' : 'were'} not replayed.`);
}

async function replayAll(
  letters: DeadLetters,
  wanted: DeadLetterFilter,
  options: ReplayAllOptions,
  output: Output,
): Promise<void> {
  const before = Math.min(wanted.before ?? Infinity, Date.now() + 1); // later ones are not of this run
  const filter = { ...wanted, before };
  const total = await countOf(letters, filter);
  if (total === 0) return output.err('No dead letters found.\n');
  const line = new ProgressLine(output, total);
  const onProgress = (progress: ReplayProgress): void => line.show(progress);
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(); // a second one ends the process
  process.once('SIGINT', interrupt);
  let done: ReplayProgress;
  try {
    done = await letters.replayAll(filter, { ...options, signal: abort.signal, onProgress });
  } finally {
    process.off('SIGINT', interrupt);
    line.end();
  }
  tell(done, output);
  const left = await countOf(letters, filter);
  if (left === 0) return;
  const whys = whyLeft(done, left, options.maxReplays ?? letters.maxReplays, letters.leaseMs);
  if (abort.signal.aborted) whys.push('Interrupted. Run the command again to continue.');
  if (whys.length > 0) throw new Error(whys.join('\n'));
}

function tell({ replayed, failed, exhausted, skipped, lastError }: ReplayProgress, { out }: Output): void {
  out(`Replayed ${lettersIn(replayed)}, ${failed} failed, ${exhausted} exhausted, ${skipped} skipped.\n`);
  if (lastError) out(`Last error: ${lastError.message}\n`);
}

/** @param left those that are there at the end: what was skipped may have been replayed meanwhile, by who had claimed it */
function whyLeft(
  { failed, exhausted, skipped }: ReplayProgress,
  left: number,
  maxReplays: number,
  leaseMs: number,
): string[] {
  const claimed = Math.min(skipped, left - failed - exhausted);
  const whys: string[] = [];
  if (failed > 0) whys.push(`${failed} failed and can be replayed again.`);
  if (exhausted > 0)
    whys.push(
      `${exhausted} ${exhausted === 1 ? 'has' : 'have'} reached maxReplays (${maxReplays}): repair first, then give a larger --max-replays, or discard.`,
    );
  if (claimed > 0)
    whys.push(
      `${claimed} ${claimed === 1 ? 'is' : 'are'} claimed by another process (lease: up to ${leaseMs / 1_000} s): run the command again later.`,
    );
  return whys;
}

function dataOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`--data is not JSON: ${describeThrown(error)}`);
  }
}
