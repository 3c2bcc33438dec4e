import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { PublishPacket } from '../../protocol/application-message.js';
import { topicLevel } from '../../protocol/topic-name.js';
import { inTime } from '../../timing/in-time.js';
import type { SubscriptionRequest } from '../../wire/subscriptions/subscriber.js';
import type { InternalTopics } from '../handling/message-receiver.js';

/** How a broker sends the messages of overlapping subscriptions (section 3.3.4). */
export interface OverlapBehaviour {
  /** Whether the broker sends a copy for each matching subscription; else it sends one copy. */
  readonly copyEach: boolean;
  /** Whether the Subscription Identifiers of the copies are correct: each subscription once. */
  readonly identified: boolean;
  /** Description of the identifiers on the copies of one message. */
  readonly seen: string;
}

/** Parameters of a probe. */
export interface ProbeQuestion {
  /** Whether to check identifiers; 3.1.1 has none. */
  readonly identifiers: boolean;
  /** Whether one of the overlapping subscriptions is shared. */
  readonly shared: boolean;
}

interface ProbeParts {
  readonly clientId: string;
  readonly internal: InternalTopics;
  readonly subscribe: (requests: readonly SubscriptionRequest[]) => Promise<void>;
  readonly unsubscribe: (filters: readonly string[]) => Promise<void>;
  readonly publish: (topic: string, payload: string) => Promise<unknown>;
}

/** Timeout of the broker for a probe message. */
const PROBE_TIMEOUT_MS = 2_000;
/** Number of probe messages: at the first copy of the last one, all copies of the earlier ones have arrived. */
const ROUNDS = 3;
/**
 * Identifiers of the probe's subscriptions begin behind this number: a resumed session may hold subscriptions that take the probe's
 * messages too, `#` for example, whose identifiers begin at 1.
 */
const IDENTIFIER_BASE = 1_000_000;
/** What further copies are given where identifiers lack: a broker may serve each subscription from a queue of its own. */
const LAG_MS = 200;

/**
 * Detects how the broker sends the messages of overlapping subscriptions: one copy for each subscription, or one copy. The specification
 * allows both, and on 3.1.1 copies do not identify their subscription. On 5.0 they have Subscription Identifiers, but not every broker
 * sends the correct ones. Uses overlapping subscriptions to a topic unique to this process, and a few messages.
 *
 * @returns undefined when it cannot be determined
 */
export async function probeOverlap(
  question: ProbeQuestion,
  { clientId, internal, subscribe, unsubscribe, publish }: ProbeParts,
): Promise<OverlapBehaviour | undefined> {
  const random = randomBytes(8).toString('hex');
  const base = `probe/${topicLevel(clientId)}/${random}`;
  const topic = `${base}/counted`;
  const filters = [topic, `${base}/+`, ...(question.shared ? [`$share/${random}/${topic}`] : [])];
  const expected = filters.map((_, place) => place + 1);
  const copies = new Copies();
  internal.set(topic, (packet) => copies.take(packet));
  try {
    await subscribe(
      filters.map((filter, place) => ({
        filter,
        qos: 0,
        identifier: question.identifiers ? IDENTIFIER_BASE + expected[place]! : undefined,
      })),
    );
    for (let round = 0; round < ROUNDS; round++) {
      const back = Promise.all([copies.first(round), publish(topic, String(round))]);
      await inTime(back, { what: 'The probe', timeoutMs: PROBE_TIMEOUT_MS });
    }
    const behaviour = copies.behaviour(expected);
    if (behaviour.identified || !question.identifiers) return behaviour;
    await delay(LAG_MS);
    return copies.behaviour(expected);
  } catch {
    return undefined; // not permitted by the broker
  } finally {
    void unsubscribe(filters).catch(() => {}); // a broker that does not answer holds up no start
    internal.set(topic, () => {}); // a late copy is ignored
  }
}

/** The received copies, by message. */
class Copies {
  /** For each message, the identifiers of each copy. */
  private readonly rounds = Array.from({ length: ROUNDS }, (): number[][] => []);
  private readonly waiting: (() => void)[] = [];

  take({ payload, properties }: PublishPacket): void {
    const round = Number(payload.toString());
    const identifiers = [properties?.subscriptionIdentifier ?? []].flat();
    this.rounds[round]?.push(identifiers.map((one) => one - IDENTIFIER_BASE).filter((one) => one > 0));
    this.waiting[round]?.();
  }

  first(round: number): Promise<void> {
    return new Promise((resolve) => (this.waiting[round] = resolve));
  }

  /** The result of all messages except the last, whose copies may be incomplete. */
  behaviour(expected: readonly number[]): OverlapBehaviour {
    const complete = this.rounds.slice(0, -1);
    const wrong = complete.find(
      (copies) =>
        copies
          .flat()
          .toSorted((a, b) => a - b)
          .join() !== expected.join(),
    );
    return {
      copyEach: complete.some((copies) => copies.length > 1),
      identified: wrong === undefined,
      seen: (wrong ?? []).map((identifiers) => `[${identifiers.join(', ')}]`).join(' and '),
    };
  }
}
