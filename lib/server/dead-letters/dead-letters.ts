import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeadLetterError } from '../../errors/dead-letter.error.js';
import { describeThrown } from '../../errors/describe-thrown.js';
import { reasonOf } from '../../errors/failure-reason.js';
import type { ResolvedDeadLettersOptions } from '../../options/dead-letters-options.js';
import { OptionChecks } from '../../options/option-checks.js';
import type { DeadLetterFilter, DeadLetterPage, DeadLetterRange } from '../../protocol/dead-letter-store.js';
import type { KeptDeadLetter } from '../../protocol/dead-letter.js';
import { TopicFilter, topicFilterProblem } from '../../protocol/topic-filter.js';
import { ReplayOfMany, type MayBegin } from './replay-of-many.js';
import type { ReplayAllOptions, ReplayOptions, ReplayProgress } from './replay-options.js';
import { SteadyDeadLetterStore } from './steady-dead-letter-store.js';

/** Who replays: a server that runs. */
export interface Replayer {
  /** Resolves when the message has been handled, or published. @throws DeadLetterError */
  replay(letter: KeptDeadLetter, options: ReplayOptions): Promise<void>;
}

const PAGE = 100;
/** That a letter was replayed is told to its store again and again, with these waits between, in milliseconds. */
const REMOVE_AGAIN_MS = [100, 500, 2_000, 5_000];
/**
 * The dead letters that a server keeps: to be looked at, replayed and discarded. Every `ServerMqtt` has one, and `MqttModule` provides
 * it; the store is the option `deadLetters` of either.
 *
 * @example
 * ```ts
 * const { letters } = await deadLetters.list({ pattern: 'orders/created' });
 * await deadLetters.replay(letters[0].id);
 * await deadLetters.replayAll({ error: 'TimeoutError' }, { perSecond: 500 });
 * ```
 */
export class DeadLetters {
  private readonly steady: SteadyDeadLetterStore | undefined;
  /** @internal */
  readonly maxReplays: number;
  /** @internal */
  readonly leaseMs: number;

  /** @internal */
  constructor(
    options: ResolvedDeadLettersOptions | undefined,
    /** @throws DeadLetterError when nobody can */
    private readonly replayer: () => Replayer,
  ) {
    this.steady = options && new SteadyDeadLetterStore(options.store);
    this.maxReplays = options?.maxReplays ?? 0;
    this.leaseMs = options?.leaseMs ?? 0;
  }

  /** Whether the server has a store. Without one every method rejects. */
  get keepsLetters(): boolean {
    return this.steady !== undefined;
  }

  /**
   * A piece of the list, oldest letters first. It may have no letters although there are more: `next` is undefined at the end only.
   *
   * @param range `limit`: most letters of the piece, 100 by default; `from`: `next` of the piece before it; `newestFirst`
   * @throws DeadLetterError when there is no store, or it fails; InvalidOptionsError when `topic` is no Topic Filter
   */
  async list(
    filter: DeadLetterFilter = {},
    { limit = PAGE, from, newestFirst = false }: Partial<DeadLetterRange> = {},
  ): Promise<DeadLetterPage> {
    const { topic, ...others } = filter;
    const wanted = topicFilterOf(topic);
    const range = { limit, from, newestFirst };
    if (!wanted?.hasWildcard) return this.store.list(filter, range);
    const page = await this.store.list(others, range); // stores compare topics, no more
    return { ...page, letters: page.letters.filter((letter) => wanted.matches(letter.topic)) };
  }

  /** Undefined when there is no such letter. @throws DeadLetterError when there is no store, or it fails */
  async get(id: string): Promise<KeptDeadLetter | undefined> {
    return this.store.get(id);
  }

  /**
   * Replays a letter. When it has been handled it is gone; when not, it stays, with the reason of now. Of several who replay one letter
   * at once, in several processes too, one does. A crash between the end of the handler and the word to the store makes it run again.
   *
   * @throws DeadLetterError whose `problem` says what is wrong; InvalidOptionsError
   */
  async replay(id: string, options: ReplayOptions = {}): Promise<void> {
    checkReplay(options);
    await this.run(id, options);
  }

  /**
   * Replays all letters that were given up before now, oldest first. Letters that fail stay, and are passed by. It may run in several
   * processes at once, and again after it was aborted: what was replayed is gone.
   *
   * @throws DeadLetterError when the store fails or the server closes: replays that had begun have ended then; InvalidOptionsError
   */
  async replayAll(
    filter: DeadLetterFilter = {},
    { perSecond = 100, signal, onProgress, to, maxReplays }: ReplayAllOptions = {},
  ): Promise<ReplayProgress> {
    checkReplay({ to, maxReplays }, { perSecond, signal, onProgress });
    // what a replay to a topic makes fail once more is a new letter, and not of this run
    const before = Math.min(filter.before ?? Infinity, Date.now() + 1);
    const replay = new ReplayOfMany((id, mayBegin) => this.run(id, { to, maxReplays }, mayBegin), {
      perSecond,
      signal,
      onProgress,
    });
    return replay.run(this.letters({ ...filter, before }));
  }

  /** Removes a letter for good. @throws DeadLetterError when there is none, or somebody replays it, or the store fails */
  async discard(id: string): Promise<void> {
    const owner = randomUUID();
    await this.claim(id, owner);
    try {
      await this.store.remove(id, owner);
    } catch (error) {
      await this.store.release(id, owner).catch(() => {}); // then the lease ends
      throw error;
    }
  }

  /** @param mayBegin asked when the letter is claimed @returns whether it was replayed */
  private async run(
    id: string,
    { maxReplays = this.maxReplays, ...options }: ReplayOptions,
    mayBegin: MayBegin = () => Promise.resolve(true),
  ): Promise<boolean> {
    const { store } = this;
    const replayer = this.replayer();
    const owner = randomUUID();
    const letter = await this.claim(id, owner);
    let begun = false;
    try {
      refuseLoop(letter, maxReplays);
      await this.whileRenewed(id, owner, async () => {
        begun = await mayBegin(letter.replays >= maxReplays);
        if (begun) await replayer.replay(letter, options);
      });
    } catch (error) {
      await store.release(id, owner, failureOf(error)).catch(() => {}); // then the lease ends
      throw error;
    }
    if (begun) await this.removeReplayed(id, owner);
    else await store.release(id, owner).catch(() => {});
    return begun;
  }

  private get store(): SteadyDeadLetterStore {
    if (this.steady) return this.steady;
    throw new DeadLetterError(
      'no-store',
      'The server keeps no dead letters. Give it, or MqttModule, the option deadLetters: { store }.',
    );
  }

  private async *letters(filter: DeadLetterFilter): AsyncGenerator<KeptDeadLetter> {
    let from: string | undefined;
    do {
      const { letters, next } = await this.list(filter, { from });
      yield* letters;
      from = next;
    } while (from !== undefined);
  }

  private async claim(id: string, owner: string): Promise<KeptDeadLetter> {
    const claim = await this.store.claim(id, owner, this.leaseMs);
    if (claim.state === 'mine') return claim.letter;
    if (claim.state === 'unknown')
      throw new DeadLetterError('unknown', `There is no dead letter ${id}: it was replayed or discarded.`);
    throw new DeadLetterError('claimed', `Dead letter ${id} is being replayed or discarded by somebody else.`);
  }

  /** The lease goes on while the handler runs. That a renewal fails is noticed at the end. */
  private async whileRenewed(id: string, owner: string, replay: () => Promise<void>): Promise<void> {
    const renew = (): void => void this.store.renew(id, owner, this.leaseMs).catch(() => {});
    const timer = setInterval(renew, this.leaseMs / 3);
    try {
      await replay();
    } finally {
      clearInterval(timer);
    }
  }

  private async removeReplayed(id: string, owner: string): Promise<void> {
    let problem = `its lease of ${this.leaseMs} ms had ended, and somebody else has claimed it`;
    for (const again of [...REMOVE_AGAIN_MS, undefined]) {
      try {
        if (await this.store.remove(id, owner)) return;
        break;
      } catch (error) {
        problem = describeThrown(error);
        if (again !== undefined) await sleep(again);
      }
    }
    throw new DeadLetterError(
      'not-removed',
      `Dead letter ${id} was replayed, and may be replayed again: it is not removed, because ${problem}.`,
    );
  }
}

/** @throws InvalidOptionsError */
function topicFilterOf(topic: string | undefined): TopicFilter | undefined {
  if (topic === undefined) return undefined;
  const checks = new OptionChecks();
  checks.wellFormed('topic', topic, topicFilterProblem, 'Give a topic, or a Topic Filter such as orders/#');
  checks.done();
  return TopicFilter.parse(topic);
}

/** The present replay is counted already. @throws DeadLetterError */
function refuseLoop({ id, replays, reason }: KeptDeadLetter, maxReplays: number): void {
  if (replays <= maxReplays) return;
  const times = replays === 2 ? 'once' : `${replays - 1} times`;
  throw new DeadLetterError(
    'max-replays',
    `Dead letter ${id} has been replayed ${times}, and maxReplays is ${maxReplays}. It failed with: ${reason}. Discard it, or raise maxReplays.`,
  );
}

/** Of a replay that was made; others do not count. */
function failureOf(error: unknown): { reason: string; error: string | undefined } | undefined {
  if (!(error instanceof DeadLetterError) || error.problem !== 'failed') return undefined;
  const { name, message } = reasonOf(error.cause);
  return { reason: message, error: name };
}

/** @throws InvalidOptionsError */
function checkReplay(
  { to, maxReplays }: ReplayOptions,
  { perSecond, signal, onProgress }: Omit<ReplayAllOptions, keyof ReplayOptions> = {},
): void {
  const checks = new OptionChecks();
  checks.oneOf('to', to, ['handler', 'topic']);
  checks.integer('maxReplays', maxReplays, { min: 1, infinite: true });
  checks.number('perSecond', perSecond, { min: 0.001 });
  checks.abortSignal('signal', signal);
  checks.callable('onProgress', onProgress);
  checks.done();
}
