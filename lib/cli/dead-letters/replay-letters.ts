import { describeThrown } from '../../errors/describe-thrown.js';
import type { ReplayProgress } from '../../server/dead-letters/replay-options.js';
import { UsageError, type Output } from '../command.js';
import type { Task } from './task.js';
import { ProgressLine } from './progress-line.js';
import { countOf, numberOf } from './wanted-letters.js';

/** @throws Error when not all were replayed */
export async function replayLetters(task: Task): Promise<void> {
  const { to } = task.values;
  if (to !== undefined && to !== 'handler' && to !== 'topic') throw new UsageError('--to must be handler or topic.');
  const replayOptions: To = to === undefined ? {} : { to };
  if (task.wanted.ids.length > 0) await replayNamed(task, replayOptions);
  else await replayAll(task, replayOptions);
}

async function replayNamed({ letters, wanted: { ids }, values, output }: Task, to: To): Promise<void> {
  const data = dataOf(values.data);
  if (data !== undefined && ids.length > 1) throw new UsageError('--data is for one letter.');
  let failed = 0;
  for (const id of ids) {
    try {
      await letters.replay(id, { ...to, data });
      output.out(`Replayed dead letter ${id}.\n`);
    } catch (error) {
      failed++;
      output.err(`${describeThrown(error)}\n`);
    }
  }
  if (failed > 0) throw new Error(`${failed} of ${ids.length} dead letters were not replayed.`);
}

async function replayAll({ letters, wanted: { filter }, values, output }: Task, to: To): Promise<void> {
  if (values.data !== undefined) throw new UsageError('--data is for one letter.');
  const perSecond = numberOf('per-second', values['per-second']);
  const line = new ProgressLine(output, await countOf(letters, filter));
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(); // a second one ends the process
  process.once('SIGINT', interrupt);
  let done: ReplayProgress;
  try {
    const onProgress = (progress: ReplayProgress): void => line.show(progress);
    done = await letters.replayAll(filter, {
      ...to,
      ...(perSecond !== undefined && { perSecond }),
      signal: abort.signal,
      onProgress,
    });
  } finally {
    process.off('SIGINT', interrupt);
    line.end();
  }
  tell(done, output);
  if (abort.signal.aborted) throw new Error('Interrupted. Run the command again to continue.');
  if (done.failed > 0) throw new Error(`${done.failed} failed again and can be replayed later.`);
}

function tell({ replayed, failed, skipped, lastError }: ReplayProgress, { out }: Output): void {
  out(`Replayed ${replayed} dead letters, ${failed} failed, ${skipped} skipped.\n`);
  if (lastError) out(`Last error: ${lastError.message}\n`);
}

type To = { readonly to?: 'handler' | 'topic' };

function dataOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`--data is not JSON: ${describeThrown(error)}`);
  }
}
