import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pace } from './pace.js';
import type { ReplayAllOptions, ReplayProgress } from './replay-options.js';

/** Asked when a letter is claimed: whether its replay may begin now. @param isLast whether it is the last that `maxReplays` allows */
export type MayBegin = (isLast: boolean) => Promise<boolean>;

/** Replays one letter. @returns false when it might not begin */
export type ReplayOne = (id: string, mayBegin: MayBegin) => Promise<boolean>;

/** Replays that are under way at once. */
const MAX_UNDER_WAY = 64;
/** Of these, letters that are claimed, or about to be, and wait for their turn. */
const MAX_AHEAD = 16;
/** Somebody else has the letter, or had it. */
const TAKEN = new Set<unknown>(['unknown', 'claimed']);
/** With these nothing has been wrong with the letter: others would end the same way. */
const ENDS_ALL = new Set<unknown>(['store', 'not-serving', 'no-store']);

/**
 * A replay of many letters, at a pace. A letter that somebody else has takes no turn: several who replay at once share the work.
 */
export class ReplayOfMany {
  private readonly pace: Pace;
  private readonly underWay = new Set<Promise<void>>();
  private readonly ahead = new Set<Promise<void>>();
  /** Nothing begins any more. */
  private readonly over = new AbortController();
  private broken: { readonly error: unknown } | undefined;
  private readonly done = {
    replayed: 0,
    failed: 0,
    exhausted: 0,
    skipped: 0,
    lastError: undefined as Error | undefined,
  };
  private readonly end = (): void => this.over.abort();

  constructor(
    private readonly replay: ReplayOne,
    private readonly options: ReplayAllOptions & { readonly perSecond: number },
  ) {
    this.pace = new Pace(options.perSecond);
    setMaxListeners(0, this.over.signal); // each letter that waits for its turn is one
  }

  /** @throws what the letters, the store or `onProgress` throw, when what had begun has ended */
  async run(letters: AsyncIterable<{ readonly id: string }>): Promise<ReplayProgress> {
    const { signal } = this.options;
    if (signal?.aborted) return { ...this.done };
    signal?.addEventListener('abort', this.end);
    try {
      for await (const { id } of letters) {
        while (this.underWay.size >= MAX_UNDER_WAY) await Promise.race(this.underWay);
        while (this.ahead.size >= MAX_AHEAD) await Promise.race(this.ahead);
        if (this.over.signal.aborted) break;
        this.begin(id);
      }
    } catch (error) {
      this.break(error);
    }
    await Promise.all(this.underWay);
    signal?.removeEventListener('abort', this.end);
    if (this.broken) throw this.broken.error;
    return { ...this.done };
  }

  private begin(id: string): void {
    let begins!: () => void;
    const begun: Promise<void> = new Promise<void>((resolve) => (begins = resolve)).then(
      () => void this.ahead.delete(begun),
    );
    const ended: Promise<void> = this.one(id, begins)
      .catch((error: unknown) => this.break(error))
      .finally(() => {
        begins();
        this.underWay.delete(ended);
      });
    this.ahead.add(begun);
    this.underWay.add(ended);
  }

  private async one(id: string, begins: () => void): Promise<void> {
    const { done } = this;
    let exhausts = false;
    const mayBegin = async (isLast: boolean): Promise<boolean> => {
      exhausts = isLast;
      await this.turn();
      begins();
      return !this.over.signal.aborted;
    };
    try {
      if (!(await this.replay(id, mayBegin))) return;
      done.replayed++;
    } catch (error) {
      const { problem } = error as { problem?: unknown };
      if (ENDS_ALL.has(problem)) throw error;
      if (TAKEN.has(problem)) done.skipped++;
      else {
        const isExhausted = problem === 'max-replays' || (problem === 'failed' && exhausts);
        done[isExhausted ? 'exhausted' : 'failed']++;
        done.lastError = error as Error;
      }
    }
    this.options.onProgress?.({ ...done });
  }

  private break(error: unknown): void {
    this.broken ??= { error };
    this.end();
  }

  /** Ends early, without an error, when it is over. */
  private async turn(): Promise<void> {
    const ms = this.pace.take();
    const { signal } = this.over;
    if (ms >= 1 && !signal.aborted) await sleep(ms, undefined, { signal }).catch(() => {});
  }
}
