import type { DeduplicationStore } from '../protocol/deduplication-store.js';
import type { KeyedMessage } from '../protocol/keyed-message.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import type { OptionChecks } from './option-checks.js';

/**
 * How messages that arrive again are known, so that their handler does not run again. All durations are milliseconds.
 *
 * @example
 * ```ts
 * @EventPattern('orders/created', { qos: 1, shared: 'billing', deduplicate: { key: ({ data }) => (data as Order).id, store } })
 * ```
 */
export interface DeduplicateOptions {
  /**
   * By what an event is known again, within its handler. Undefined: this event is not looked up. Requests need none: their Response
   * Topic and Correlation Data say it, on 5.0. Default: events are not deduplicated.
   */
  key?: (message: KeyedMessage) => string | undefined;
  /** What several processes share. Default: the memory of this process. */
  store?: DeduplicationStore;
  /**
   * How long it is known that a message has been handled. Default for events: a day. Default for requests: until a minute after
   * their expiry, an hour and a minute at most, and five minutes for those that do not expire.
   */
  ttl?: number;
  /**
   * How long after the crash of a process another one may handle the message that it had begun; it is renewed while a handler runs.
   * A copy that comes meanwhile waits, at most twice as long. Default 30_000.
   */
  lease?: number;
  /**
   * When the store fails, or does not answer within 5 seconds: `'withhold'` leaves the message with the broker, to come again;
   * `'run'` runs the handler, perhaps once more. Default: `'withhold'` for QoS 1 and 2 where the session survives its connection,
   * else `'run'`.
   */
  onStoreFailure?: 'withhold' | 'run';
}

const MAX_TTL_MS = 365 * 86_400_000;
/** Less is over before a store has answered. */
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
      'requests of MQTT 3.1.1 have nothing by which they are known again',
      'Remove it, give a key for events, or use protocolVersion 5',
    );
}
