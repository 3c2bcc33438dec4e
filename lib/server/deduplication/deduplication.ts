import { createHash } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { DeduplicateOptions } from '../../options/deduplicate-options.js';
import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import type { KeyedMessage } from '../../protocol/keyed-message.js';
import type { Handler } from '../../routing/handler.js';
import { withoutPromise } from '../../serialization/checked-codec.js';
import { Claims } from './claims.js';
import { MemoryDeduplicationStore } from './memory-deduplication-store.js';
import { SteadyStore } from './steady-store.js';

const DEFAULT_LEASE_MS = 30_000;
const EVENT_TTL_MS = 86_400_000;
/** Time that replies are kept after their request has expired, for duplicates that are still in transit. */
const MARGIN_MS = 60_000;
/** Time that replies are kept when their request does not expire. */
const WITHOUT_EXPIRY_MS = 300_000;
/** Maximum time that a caller can set with the expiry of its request. */
const MAX_EXPIRY_MS = 3_600_000;
/** Maximum length of a key. Longer ones are hashed: keys come from callers and devices. */
const MAX_KEY_LENGTH = 200;

interface Situation {
  readonly durableSession: boolean;
  readonly logger: Logger;
}

/** Deduplication of the messages of one handler. */
export class Deduplication {
  readonly claims: Claims;

  /** @param name namespace of its keys in a store shared with other handlers */
  constructor(
    private readonly name: string,
    private readonly isEventHandler: boolean,
    private readonly options: Readonly<DeduplicateOptions>,
    private readonly situation: Situation,
  ) {
    const { store = new MemoryDeduplicationStore(), lease = DEFAULT_LEASE_MS } = options;
    this.claims = new Claims(new SteadyStore(store, situation.logger), lease, situation.logger);
  }

  /**
   * The key of a message; undefined if it has none.
   *
   * @throws TypeError when the application's function does not return a key; and any error of that function
   */
  keyOf(message: KeyedMessage): string | undefined {
    const key = this.isEventHandler ? this.keyOfEvent(message) : keyOfRequest(message.packet);
    return key === undefined ? undefined : storable(`${this.name} ${key}`);
  }

  /** @param expiresAt expiry of the message, in milliseconds since the epoch */
  ttlMs(expiresAt: number): number {
    if (this.options.ttl !== undefined) return this.options.ttl;
    if (this.isEventHandler) return EVENT_TTL_MS;
    if (expiresAt === Infinity) return WITHOUT_EXPIRY_MS;
    return Math.min(Math.max(0, expiresAt - Date.now()), MAX_EXPIRY_MS) + MARGIN_MS;
  }

  /** Whether to handle a message when the store has failed. */
  runsWithoutStore(qos: QoS): boolean {
    const { onStoreFailure } = this.options;
    if (onStoreFailure !== undefined) return onStoreFailure === 'run';
    return qos === 0 || !this.situation.durableSession; // it would not be delivered again
  }

  private keyOfEvent(message: KeyedMessage): string | undefined {
    const key: unknown = withoutPromise<unknown>(this.options.key!(message), 'function deduplicate.key');
    if (key === undefined || (typeof key === 'string' && key !== '')) return key;
    throw new TypeError(`deduplicate.key must return a non-empty string or undefined`);
  }
}

/** Creates the deduplication of each handler. */
export class Deduplications {
  /** Number of handlers by Topic Filter. */
  private readonly sharing = new Map<string, number>();
  /** One for all patterns of a method: a message may match any of them. */
  private readonly byMethod = new Map<object, Deduplication>();

  constructor(private readonly situation: Situation) {}

  of({
    isEventHandler,
    subscription,
    method,
    options: { deduplicate },
  }: Pick<Handler, 'isEventHandler' | 'subscription' | 'method' | 'options'>): Deduplication | undefined {
    if (deduplicate === false) return undefined;
    const options = deduplicate === true ? {} : deduplicate;
    if (isEventHandler && options.key === undefined) return undefined;
    let deduplication = this.byMethod.get(method);
    if (!deduplication) {
      const before = this.sharing.get(subscription) ?? 0;
      this.sharing.set(subscription, before + 1);
      const name = before === 0 ? subscription : `${subscription} ${before}`;
      deduplication = new Deduplication(name, isEventHandler, options, this.situation);
      this.byMethod.set(method, deduplication);
    }
    return deduplication;
  }
}

function keyOfRequest({ properties }: PublishPacket): string | undefined {
  const { responseTopic, correlationData } = properties ?? {};
  return responseTopic === undefined || !correlationData
    ? undefined
    : `${correlationData.toString('base64')} ${responseTopic}`;
}

/** A key that any store can save: short, and without characters that databases refuse. */
function storable(key: string): string {
  if (key.length <= MAX_KEY_LENGTH && !key.includes('\0') && key.isWellFormed()) return key;
  return createHash('sha256').update(key, 'utf16le').digest('base64url');
}
