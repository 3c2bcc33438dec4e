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
/** How long replies are kept beyond the expiry of their request: a copy may have been under way for a while. */
const MARGIN_MS = 60_000;
/** How long replies are kept when their request does not expire. */
const WITHOUT_EXPIRY_MS = 300_000;
/** What a caller may choose by the expiry of its request. */
const LONGEST_EXPIRY_MS = 3_600_000;
/** Longer keys are shortened: callers and devices choose them. */
const LONGEST_KEY = 200;

interface Situation {
  readonly durableSession: boolean;
  readonly logger: Logger;
}

/** What one handler needs to know its messages again. */
export class Deduplication {
  readonly claims: Claims;

  /** @param name keeps its keys apart from those of other handlers, in a store that they share */
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
   * By what a message is known again; undefined when it cannot be.
   *
   * @throws what the application's function throws; and TypeError when it returns something else than a key
   */
  keyOf(message: KeyedMessage): string | undefined {
    const key = this.isEventHandler ? this.keyOfEvent(message) : keyOfRequest(message.packet);
    return key === undefined ? undefined : storable(`${this.name} ${key}`);
  }

  /** @param expiresAt of the message, in milliseconds since the epoch */
  ttlMs(expiresAt: number): number {
    if (this.options.ttl !== undefined) return this.options.ttl;
    if (this.isEventHandler) return EVENT_TTL_MS;
    if (expiresAt === Infinity) return WITHOUT_EXPIRY_MS;
    return Math.min(Math.max(0, expiresAt - Date.now()), LONGEST_EXPIRY_MS) + MARGIN_MS;
  }

  /** Whether a message is run when the store cannot say whether it came before. */
  runsWithoutStore(qos: QoS): boolean {
    const { onStoreFailure } = this.options;
    if (onStoreFailure !== undefined) return onStoreFailure === 'run';
    return qos === 0 || !this.situation.durableSession; // it would not come again
  }

  private keyOfEvent(message: KeyedMessage): string | undefined {
    const key: unknown = withoutPromise<unknown>(this.options.key!(message), 'function deduplicate.key');
    if (key === undefined || (typeof key === 'string' && key !== '')) return key;
    throw new TypeError(`deduplicate.key has to return a text that is not empty, or undefined`);
  }
}

/** Gives handlers what they need to know their messages again. */
export class Deduplications {
  /** By what is subscribed: how many handlers have it. */
  private readonly sharing = new Map<string, number>();
  /** The same for all patterns of one method: any of them may be the one by which a message comes. */
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

/** Text that any store can keep: short, and without what databases refuse. */
function storable(key: string): string {
  if (key.length <= LONGEST_KEY && !key.includes('\0') && key.isWellFormed()) return key;
  return createHash('sha256').update(key, 'utf16le').digest('base64url');
}
