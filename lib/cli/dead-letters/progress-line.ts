import type { ReplayProgress } from '../../server/dead-letters/replay-options.js';
import type { Output } from '../command.js';

const WIDTH = 24;
/** Interval at which a terminal line is overwritten, or a line is added to a log. */
const EVERY_MS = { terminal: 100, log: 5_000 };

/** The progress of a replay, in one line of the terminal. */
export class ProgressLine {
  private readonly startedAt: number;
  private shownAt: number;

  /** @param total number of letters at the start */
  constructor(
    private readonly output: Output,
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.startedAt = this.shownAt = now();
  }

  show(progress: ReplayProgress): void {
    const { isTerminal = false, err } = this.output;
    const done = progress.replayed + progress.failed + progress.exhausted + progress.skipped;
    const now = this.now();
    if (done < this.total && now - this.shownAt < (isTerminal ? EVERY_MS.terminal : EVERY_MS.log)) return;
    this.shownAt = now;
    const text = this.textOf(progress, done, (now - this.startedAt) / 1_000);
    err(isTerminal ? `\r${text}\u001b[K` : `${text}\n`);
  }

  /** Ends the line. */
  end(): void {
    if (this.output.isTerminal && this.shownAt !== this.startedAt) this.output.err('\n');
  }

  private textOf({ replayed, failed, exhausted, skipped }: ReplayProgress, done: number, seconds: number): string {
    const total = Math.max(this.total, done);
    const share = done / total;
    const filled = Math.round(share * WIDTH);
    const perSecond = done / Math.max(seconds, 0.001);
    const left = Math.ceil((total - done) / perSecond);
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`;
    const counts = `${replayed} replayed, ${failed} failed, ${exhausted} exhausted, ${skipped} skipped`;
    return `${bar} ${done} of ${total}: ${counts}, ${Math.round(perSecond)}/s, ${left} s left`;
  }
}
