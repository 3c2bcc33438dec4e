import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { PublishPacket } from '../../protocol/application-message.js';
import { topicLevel } from '../../protocol/topic-name.js';
import { inTime } from '../../timing/in-time.js';
import type { SubscriptionRequest } from '../../wire/subscriptions/subscriber.js';
import type { InternalTopics } from '../handling/message-receiver.js';

/** How a broker sends the messages of overlapping subscriptions (section 3.3.4). */
export interface OverlapBehaviour {
  /** Whether there is a copy for each matching subscription. Otherwise there is one in all. */
  readonly copyEach: boolean;
  /** Whether the Subscription Identifiers of the copies name the subscriptions that they are for, each of them once. */
  readonly identified: boolean;
  /** What the copies of one message carried, in words. */
  readonly seen: string;
}

/** What the probe has to find out. */
export interface ProbeQuestion {
  /** Whether identifiers are to be looked at; 3.1.1 has none. */
  readonly identifiers: boolean;
  /** Whether a Shared Subscription is one of the overlapping ones. */
  readonly shared: boolean;
}

interface ProbeParts {
  readonly clientId: string;
  readonly internal: InternalTopics;
  readonly subscribe: (requests: readonly SubscriptionRequest[]) => Promise<void>;
  readonly unsubscribe: (filters: readonly string[]) => Promise<void>;
  readonly publish: (topic: string, payload: string) => Promise<unknown>;
}

/** What the broker is given to bring back a message. */
const PROBE_TIMEOUT_MS = 2_000;
/** Messages, one after another: by the first copy of the last one all copies of those before have come. */
const ROUNDS = 3;
/**
 * Identifiers of the probe's subscriptions begin behind this number: a resumed session may hold subscriptions that take the probe's
 * messages too, `#` for example, whose identifiers begin at 1.
 */
const IDENTIFIER_BASE = 1_000_000;
/** What further copies are given where identifiers lack: a broker may serve each subscription from a queue of its own. */
const LAG_MS = 200;

/**
 * Finds out how the broker sends the messages of overlapping subscriptions. A copy for each subscription or one in all: either is
 * allowed, and on 3.1.1 nothing on a copy tells. On 5.0 Subscription Identifiers do, but not every broker sends the right ones.
 * It takes overlapping subscriptions to a topic of this process alone, and a few messages.
 *
 * @returns undefined when it cannot be found out
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
    return undefined; // not permitted here
  } finally {
    void unsubscribe(filters).catch(() => {}); // a broker that does not answer holds up no start
    internal.set(topic, () => {}); // a late copy is ignored
  }
}

/** The copies that come, by the message that they are of. */
class Copies {
  /** Of each message those of the probe's identifiers, counted from 1, that each of its copies carries. */
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

  /** What the messages before the last one say, of which all copies have come. */
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
