import type { OutgoingMessage } from './application-message.js';

/** What a store says about a key that somebody wants to work on. */
export type Claim =
  /** Nobody worked on it: it is the asker's, until the lease ends. */
  | { readonly state: 'mine' }
  /** Another owner works on it, and its lease has not ended. */
  | { readonly state: 'running' }
  /** It has been handled, with these replies. */
  | { readonly state: 'done'; readonly replies: readonly OutgoingMessage[] };

/**
 * Where those who may get copies of one message agree on who handles it. With a store that several processes share, one of them
 * handles it, whichever of them gets the copies.
 *
 * A key is claimed for a while, the lease, which its owner renews: when the owner crashes, another one can have the key once the
 * lease has ended. Leases and times to live run by one clock, the store's, and not by those of the processes.
 *
 * Owners are named by the caller, with a name of its own for each claim. All methods may be called many times at once, and
 * `nestjs-mqtt-transport/testing` has a suite that tells whether a store keeps what is written here.
 */
export interface DeduplicationStore {
  /**
   * Claims a key, in one atomic step: of several who claim a free key at once, one is told `mine`. A key is free when nothing is
   * known about it, when its owner's lease has ended, or when the time to live of what was kept is over. Its present owner is told
   * `mine` again.
   *
   * @param leaseMs milliseconds
   */
  claim(key: string, owner: string, leaseMs: number): Claim | Promise<Claim>;

  /**
   * Lets the lease begin anew.
   *
   * @returns whether the key is this owner's, and not done: false when another one has claimed it meanwhile
   */
  renew(key: string, owner: string, leaseMs: number): boolean | Promise<boolean>;

  /**
   * The key has been handled: keeps its replies for `ttlMs` milliseconds.
   *
   * @returns whether they are kept: false, and nothing changes, when another owner has claimed the key meanwhile, or it is done
   */
  complete(key: string, owner: string, replies: readonly OutgoingMessage[], ttlMs: number): boolean | Promise<boolean>;

  /** The key has not been handled: it is free at once. Nothing changes when it is not this owner's, or done. */
  release(key: string, owner: string): void | Promise<void>;
}
