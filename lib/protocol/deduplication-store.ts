import type { OutgoingMessage } from './application-message.js';

/**
 * Keeps the replies to requests that have been handled, so that a request which arrives again is answered without running its
 * handler again. With a store that several processes share, it does not matter which of them gets the second copy.
 */
export interface DeduplicationStore {
  /** The replies kept under `key`; undefined when there are none, or no longer. */
  get(key: string): readonly OutgoingMessage[] | undefined | Promise<readonly OutgoingMessage[] | undefined>;
  /** Keeps replies for `ttl` milliseconds at least. */
  set(key: string, replies: readonly OutgoingMessage[], ttl: number): void | Promise<void>;
}
