import { DeadLetterError } from '../../errors/dead-letter.error.js';
import { describeThrown } from '../../errors/describe-thrown.js';
import type {
  DeadLetterClaim,
  DeadLetterFailure,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRange,
  DeadLetterStore,
} from '../../protocol/dead-letter-store.js';
import type { DeadLetter, KeptDeadLetter } from '../../protocol/dead-letter.js';
import { inTime } from '../../timing/in-time.js';

/** How long a store is waited for. */
const PATIENCE_MS = 10_000;

/**
 * An application's store, which may throw, hang and return nonsense: it answers in time, with what it should answer, or a
 * {@link DeadLetterError} says that it has failed.
 */
export class SteadyDeadLetterStore {
  constructor(private readonly store: DeadLetterStore) {}

  /** @param timeoutMs a letter that is kept later is removed again: its message has stayed with the broker */
  async add(letter: DeadLetter, timeoutMs = PATIENCE_MS): Promise<string> {
    let late = false;
    try {
      return await this.ask(
        'add',
        () => {
          const added = this.store.add(letter);
          if (added instanceof Promise) void this.withdrawLate(added, () => late);
          return added;
        },
        isText,
        timeoutMs,
      );
    } catch (error) {
      late = true;
      throw error;
    }
  }

  get(id: string): Promise<KeptDeadLetter | undefined> {
    return this.ask(
      'get',
      () => this.store.get(id),
      (letter) => letter === undefined || isLetter(letter),
    );
  }

  list(filter: DeadLetterFilter, range: DeadLetterRange): Promise<DeadLetterPage> {
    return this.ask('list', () => this.store.list(filter, range), isPage);
  }

  claim(id: string, owner: string, leaseMs: number): Promise<DeadLetterClaim> {
    return this.ask('claim', () => this.store.claim(id, owner, leaseMs), isClaim);
  }

  renew(id: string, owner: string, leaseMs: number): Promise<boolean> {
    return this.ask('renew', () => this.store.renew(id, owner, leaseMs), isBoolean);
  }

  release(id: string, owner: string, failure?: DeadLetterFailure): Promise<void> {
    return this.ask(
      'release',
      () => this.store.release(id, owner, failure),
      () => true,
    );
  }

  remove(id: string, owner: string): Promise<boolean> {
    return this.ask('remove', () => this.store.remove(id, owner), isBoolean);
  }

  /** Takes back a letter that was added. That it fails leaves one letter too many, and nothing lost. */
  async withdraw(id: string): Promise<void> {
    try {
      const owner = `withdrawn ${id}`;
      const { state } = await this.claim(id, owner, PATIENCE_MS);
      if (state === 'mine') await this.remove(id, owner);
    } catch {
      // of the store's failure it is heard elsewhere
    }
  }

  private async withdrawLate(added: Promise<string>, isLate: () => boolean): Promise<void> {
    try {
      const id = await added;
      if (isLate()) await this.withdraw(id);
    } catch {
      // it was not kept, which is said elsewhere
    }
  }

  private async ask<T>(
    method: keyof DeadLetterStore,
    call: () => T | Promise<T>,
    isAnswer: (value: unknown) => boolean,
    timeoutMs = PATIENCE_MS,
  ): Promise<T> {
    try {
      const answer = await inTime(Promise.resolve(call()), { what: 'it', timeoutMs });
      if (!isAnswer(answer)) throw new TypeError('it returned something else than the contract of stores says');
      return answer;
    } catch (error) {
      if (error instanceof DeadLetterError) throw error;
      throw new DeadLetterError('store', `The dead letter store fails, ${method}(): ${describeThrown(error)}`, {
        cause: error,
      });
    }
  }
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isLetter(value: unknown): boolean {
  const { id, topic, pattern, payload } = Object(value) as Partial<KeptDeadLetter>;
  return isText(id) && isText(topic) && isText(pattern) && payload instanceof Uint8Array;
}

function isPage(value: unknown): boolean {
  const { letters, next } = Object(value) as { letters?: unknown; next?: unknown };
  return Array.isArray(letters) && letters.every(isLetter) && (next === undefined || isText(next));
}

function isClaim(value: unknown): boolean {
  const { state, letter } = Object(value) as { state?: unknown; letter?: unknown };
  return state === 'claimed' || state === 'unknown' || (state === 'mine' && isLetter(letter));
}
