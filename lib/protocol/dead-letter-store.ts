import type { DeadLetter, KeptDeadLetter } from './dead-letter.js';

/** Which dead letters are meant: those to which all that is given applies. */
export interface DeadLetterFilter {
  /** Pattern of the handler, as it is written: `orders/+` means the handler of `orders/+`, not that of `orders/created`. */
  readonly pattern?: string | undefined;
  /** Topic that the message came on. Asked of {@link DeadLetters}, also a Topic Filter; a store is asked for topics only. */
  readonly topic?: string | undefined;
  /** Name of the error. */
  readonly error?: string | undefined;
  /** Given up at this time or later, in milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Given up before this time, in milliseconds since the epoch. */
  readonly before?: number | undefined;
}

/** Which piece of a list is wanted. */
export interface DeadLetterRange {
  /** Most letters of the piece; there may be fewer, or none, before the end. */
  readonly limit: number;
  /** `next` of the piece before it; undefined for the first one. */
  readonly from?: string | undefined;
  /** Default: oldest first. */
  readonly newestFirst?: boolean | undefined;
}

/** A piece of a list. */
export interface DeadLetterPage {
  readonly letters: readonly KeptDeadLetter[];
  /** Where the next piece begins; undefined at the end. */
  readonly next: string | undefined;
}

/** What a store says to somebody who wants to work on a letter. */
export type DeadLetterClaim =
  /** It is the asker's, until the lease ends; this replay is counted in it. */
  | { readonly state: 'mine'; readonly letter: KeptDeadLetter }
  /** Another owner works on it, and the lease has not ended. */
  | { readonly state: 'claimed' }
  /** There is no such letter. */
  | { readonly state: 'unknown' };

/** How a replay has failed. */
export interface DeadLetterFailure {
  readonly reason: string;
  readonly error: string | undefined;
}

/**
 * Where dead letters are kept until somebody replays or discards them.
 *
 * Who works on a letter claims it for a while, the lease, and renews it: when its owner crashes, another one can have it once the
 * lease has ended. Leases run by the clock of the store. Owners are named by the caller, with a name of its own for each claim.
 *
 * A letter that cannot be kept is refused with an error, and its message stays with the broker. A store never makes room for a letter
 * by forgetting another. All methods may be called many times at once, and `nestjs-mqtt-transport/testing` has a suite that tells
 * whether a store keeps what is written here.
 */
export interface DeadLetterStore {
  /** Keeps a letter. @returns its name, which no other letter ever gets @throws when it is not kept: the store is full, for example */
  add(letter: DeadLetter): string | Promise<string>;

  /** Undefined when there is no such letter, also for an `id` that no letter can have. */
  get(id: string): KeptDeadLetter | undefined | Promise<KeptDeadLetter | undefined>;

  /** The letters that a filter means, in the order in which they were added, those that are claimed included. */
  list(filter: DeadLetterFilter, range: DeadLetterRange): DeadLetterPage | Promise<DeadLetterPage>;

  /**
   * Claims a letter for a replay, and counts it, in one atomic step: of several who claim it at once, one is told `mine`. A letter is
   * free when nobody has claimed it, or its owner's lease has ended. Its present owner is told `mine` again, and nothing is counted.
   *
   * @param leaseMs milliseconds
   */
  claim(id: string, owner: string, leaseMs: number): DeadLetterClaim | Promise<DeadLetterClaim>;

  /** Lets the lease begin anew. @returns false when the letter is not this owner's: another one has claimed it, or it is gone */
  renew(id: string, owner: string, leaseMs: number): boolean | Promise<boolean>;

  /**
   * Ends a claim: the letter stays, and is free. Nothing changes when it is not this owner's.
   *
   * @param failure of the replay, in place of the reason that is known; undefined when it has not been replayed, and is not to count
   */
  release(id: string, owner: string, failure?: DeadLetterFailure): void | Promise<void>;

  /** Removes a letter. @returns false, and nothing changes, when it is not this owner's, or gone */
  remove(id: string, owner: string): boolean | Promise<boolean>;
}

/** Whether a filter means a letter. */
export function isMeant(
  letter: Pick<DeadLetter, 'pattern' | 'topic' | 'error' | 'time'>,
  { pattern, topic, error, since = -Infinity, before = Infinity }: DeadLetterFilter,
): boolean {
  return (
    (pattern === undefined || letter.pattern === pattern) &&
    (topic === undefined || letter.topic === topic) &&
    (error === undefined || letter.error === error) &&
    letter.time >= since &&
    letter.time < before
  );
}
