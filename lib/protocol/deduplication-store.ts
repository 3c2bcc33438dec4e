import type { OutgoingMessage } from './application-message.js';

/** The result of claiming a key. */
export type Claim =
  /** The key was free: it belongs to the caller until the lease ends. */
  | { readonly state: 'mine' }
  /** Another owner has the key, and its lease has not ended. */
  | { readonly state: 'running' }
  /** The message has been handled, with these replies. */
  | { readonly state: 'done'; readonly replies: readonly OutgoingMessage[] };

/**
 * Decides which process or handler run handles a message when several receive a copy of it. With a store that several processes
 * share, one of them handles the message.
 *
 * A key is claimed for the time of a lease, which its owner renews: when the owner crashes, another one can claim the key after the
 * lease has ended. Leases and times to live are measured by the clock of the store, not by those of the processes.
 *
 * The caller gives each claim a unique owner name. All methods may be called concurrently. `nestjs-mqtt-transport/testing` has a test
 * suite that checks whether a store meets this contract.
 */
export interface DeduplicationStore {
  /**
   * Claims a key in one atomic step: when several owners claim a free key at the same time, one of them gets `mine`. A key is free
   * when the store has no entry for it, when the lease of its owner has ended, or when the time to live of its replies is over. The
   * present owner gets `mine` again.
   *
   * @param leaseMs milliseconds
   */
  claim(key: string, owner: string, leaseMs: number): Claim | Promise<Claim>;

  /**
   * Restarts the lease.
   *
   * @returns whether this owner still has the key: false when another one has claimed it meanwhile, or it is done
   */
  renew(key: string, owner: string, leaseMs: number): boolean | Promise<boolean>;

  /**
   * Marks the key as done, and keeps its replies for `ttlMs` milliseconds.
   *
   * @returns whether the replies are kept: false, and nothing changes, when another owner has claimed the key meanwhile, or it is done
   */
  complete(key: string, owner: string, replies: readonly OutgoingMessage[], ttlMs: number): boolean | Promise<boolean>;

  /** Frees the key at once, because its message was not handled. Nothing changes when this owner does not have the key, or it is done. */
  release(key: string, owner: string): void | Promise<void>;
}
