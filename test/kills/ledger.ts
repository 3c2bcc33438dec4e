import { qosOf } from './messages.js';

/** A count for each QoS. */
export interface PerQoS {
  1: number;
  2: number;
}

/** What the handlers and the publisher have made of the messages of one run. */
export interface LedgerTotals {
  readonly published: number;
  readonly acknowledged: number;
  /** Messages whose handler has come to its effect. */
  readonly effects: number;
  /** Handlings of a message beyond its first. */
  readonly duplicates: PerQoS;
}

class TopicLedger {
  published = 0;
  readonly acknowledged = new Set<number>();
  readonly effects = new Set<number>();
  /** Each handling, in order. */
  readonly handlings: { readonly n: number; readonly life: number }[] = [];
}

/** Books of one run: what was published to each topic, acknowledged to its publisher, and handled. */
export class Ledger {
  private readonly topics = new Map<string, TopicLedger>();
  private running = 0;

  /** @returns the number of the next message to the topic */
  publish(topic: string): number {
    return ++this.of(topic).published;
  }

  acknowledge(topic: string, n: number): void {
    this.of(topic).acknowledged.add(n);
  }

  /** A handler begins. @param life which process it is in */
  begin(topic: string, n: number, life: number): void {
    this.of(topic).handlings.push({ n, life });
    this.running++;
  }

  /** It has come to its effect. */
  end(topic: string, n: number): void {
    this.of(topic).effects.add(n);
    this.running--;
  }

  hasEffect(topic: string, n: number): boolean {
    return this.of(topic).effects.has(n);
  }

  /** Whether the latest message to each topic has had its effect. */
  get isComplete(): boolean {
    return [...this.topics.values()].every(({ published, effects }) => effects.has(published));
  }

  /** Handlers that have begun and not come to their effect: of processes that were killed too. */
  get unfinished(): number {
    return this.running;
  }

  /** How often each message was handled. */
  *handlings(): Generator<{ topic: string; n: number; times: number }> {
    for (const [topic, { handlings }] of this.topics) {
      const times = new Map<number, number>();
      for (const { n } of handlings) times.set(n, (times.get(n) ?? 0) + 1);
      for (const [n, count] of times) yield { topic, n, times: count };
    }
  }

  /** Messages that were acknowledged to their publisher and have had no effect. */
  withoutEffect(): { topic: string; n: number }[] {
    return [...this.topics].flatMap(([topic, { acknowledged, effects }]) =>
      [...acknowledged].filter((n) => !effects.has(n)).map((n) => ({ topic, n })),
    );
  }

  totals(): LedgerTotals {
    const totals = { published: 0, acknowledged: 0, effects: 0, duplicates: { 1: 0, 2: 0 } };
    for (const [topic, { published, acknowledged, effects, handlings }] of this.topics) {
      totals.published += published;
      totals.acknowledged += acknowledged.size;
      totals.effects += effects.size;
      totals.duplicates[qosOf(topic)] += handlings.length - new Set(handlings.map(({ n }) => n)).size;
    }
    return totals;
  }

  /** Handlings of a message beyond its first in the same life of a worker. */
  duplicatesInOneLife(): PerQoS {
    const duplicates = { 1: 0, 2: 0 };
    for (const [topic, { handlings }] of this.topics)
      duplicates[qosOf(topic)] += handlings.length - new Set(handlings.map(({ n, life }) => `${life} ${n}`)).size;
    return duplicates;
  }

  /**
   * First handlings of a message behind one that was published later to its topic.
   *
   * @param isExcused messages that do not count
   */
  outOfOrder(isExcused: (topic: string, n: number) => boolean = () => false): PerQoS {
    const outOfOrder = { 1: 0, 2: 0 };
    for (const [topic, { handlings }] of this.topics) {
      let latest = 0;
      for (const n of new Set(handlings.map((handling) => handling.n))) {
        if (n < latest && !isExcused(topic, n)) outOfOrder[qosOf(topic)]++;
        latest = Math.max(latest, n);
      }
    }
    return outOfOrder;
  }

  private of(topic: string): TopicLedger {
    let ledger = this.topics.get(topic);
    if (!ledger) this.topics.set(topic, (ledger = new TopicLedger()));
    return ledger;
  }
}
