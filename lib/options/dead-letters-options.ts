import type { DeadLetterStore } from '../protocol/dead-letter-store.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import type { OptionChecks } from './option-checks.js';
import { namesOf } from './option-names.js';

/** Where the dead letters of a server are kept, and how they are replayed. */
export interface DeadLettersOptions {
  /** Several processes may share one; `MemoryDeadLetterStore` is for tests, and for letters that may be lost. */
  store: DeadLetterStore;
  /** How often one letter is replayed; one more is an error. `Infinity` for no bound. Default 3. */
  maxReplays?: number;
  /** Milliseconds after the crash of a process until another one may replay what it had begun. Default 30_000. */
  lease?: number;
}

/** The options after validation. */
export interface ResolvedDeadLettersOptions {
  readonly store: DeadLetterStore;
  readonly maxReplays: number;
  readonly leaseMs: number;
}

const NAMES = namesOf<DeadLettersOptions>({ store: true, maxReplays: true, lease: true });
const STORE_METHODS = ['add', 'get', 'list', 'claim', 'renew', 'release', 'remove'] as const;
const DEFAULT_MAX_REPLAYS = 3;
const DEFAULT_LEASE_MS = 30_000;
/** Less is over before a store has answered. */
const MIN_LEASE_MS = 100;

export function checkDeadLetters(checks: OptionChecks, options: DeadLettersOptions | undefined): void {
  if (!checks.object('deadLetters', options)) return;
  checks.known('deadLetters', options, NAMES);
  checks.methods('deadLetters.store', options.store ?? null, STORE_METHODS);
  checks.integer('deadLetters.maxReplays', options.maxReplays, { min: 1, infinite: true });
  checks.duration('deadLetters.lease', options.lease, { min: MIN_LEASE_MS, max: MAX_TIMER_MS });
}

/** @param options checked ones */
export function resolveDeadLetters(options: DeadLettersOptions | undefined): ResolvedDeadLettersOptions | undefined {
  if (!options) return undefined;
  const { store, maxReplays = DEFAULT_MAX_REPLAYS, lease = DEFAULT_LEASE_MS } = options;
  return Object.freeze({ store, maxReplays, leaseMs: lease });
}
