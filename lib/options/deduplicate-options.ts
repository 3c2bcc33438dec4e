import type { DeduplicationStore } from '../protocol/deduplication-store.js';
import type { KeyedMessage } from '../protocol/keyed-message.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import type { OptionChecks } from './option-checks.js';

/**
 * How duplicate messages are recognised, so that their handler does not run again. All durations are in milliseconds.
 *
 * @example
 * ```ts
 * @EventPattern('orders/created', { qos: 1, shared: 'billing', deduplicate: { key: ({ data }) => (data as Order).id, store } })
 * ```
 */
export interface DeduplicateOptions {
  /**
   * Returns the key that identifies an event within its handler; undefined to skip deduplication for this event. Not used for
   * requests: on 5.0 they are identified by Response Topic and Correlation Data. Default: events are not deduplicated.
   */
  key?: (message: KeyedMessage) => string | undefined;
  /** Store that several processes share. Default: the memory of this process. */
  store?: DeduplicationStore;
  /**
   * How long a handled message is remembered. Default for events: one day. Default for requests: until one minute after their expiry,
   * at most 61 minutes; five minutes for requests that do not expire.
   */
  ttl?: number;
  /**
   * Lease of a message that is being handled, renewed while its handler runs. When the process crashes, another one can handle the
   * message after the lease has ended. A duplicate that arrives meanwhile waits, at most for twice the lease. Default 30_000.
   */
  lease?: number;
  /**
   * What to do when the store fails, or does not answer within 5 seconds: `'withhold'` does not acknowledge the message, so that the
   * broker delivers it again; `'run'` runs the handler, possibly a second time. Default: `'withhold'` at QoS 1 and 2 when the session
   * outlives its connection, else `'run'`.
   */
  onStoreFailure?: 'withhold' | 'run';
}

const MAX_TTL_MS = 365 * 86_400_000;
/** A shorter lease could end before the store has answered. */
const MIN_LEASE_MS = 100;

export function checkDeduplicate(checks: OptionChecks, path: string, value: unknown, protocolVersion: 4 | 5): void {
  if (value === undefined) return;
  const options = typeof value === 'boolean' ? {} : (value as DeduplicateOptions);
  if (!checks.object(path, options)) return;
  checks.callable(`${path}.key`, options.key);
  checks.methods(`${path}.store`, options.store, ['claim', 'renew', 'complete', 'release']);
  checks.duration(`${path}.ttl`, options.ttl, { min: 1, max: MAX_TTL_MS });
  checks.duration(`${path}.lease`, options.lease, { min: MIN_LEASE_MS, max: MAX_TIMER_MS });
  checks.oneOf(`${path}.onStoreFailure`, options.onStoreFailure, ['withhold', 'run']);
  if (protocolVersion === 4 && value !== false && options.key === undefined)
    checks.report(
      path,
      'requests of MQTT 3.1.1 have nothing that identifies them',
      'Remove it, give a key for events, or use protocolVersion 5',
    );
}
