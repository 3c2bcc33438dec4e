/* oxlint-disable promise/always-return -- the calls are tallied, and not waited for */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientMqtt } from '../../lib/index.js';
import type { Random } from '../support/random.js';
import type { Incidents } from './incidents.js';
import type { Ledger } from './ledger.js';
import { messageOf, TOPICS, type KillsTopic } from './messages.js';

const MOST_UNDER_WAY = 50;
/** Messages come one by one and in bursts, about 1.5 a millisecond in all. */
const BURSTS = { share: 0.05, most: MOST_UNDER_WAY };

/** Publishes without a break, to all topics, and writes down what becomes of it. */
export class Load {
  /** What publishing ended with, when it was an error. */
  readonly rejections: unknown[] = [];
  /** Calls that have not ended. */
  underWay = 0;
  private stopped = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly client: ClientMqtt,
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(incidents: Incidents): Promise<void> {
    this.stopped = true;
    await this.running;
    await this.settled(incidents);
  }

  /** One more message to every topic: when these are handled, all before them have begun to be, or never will. */
  async finish(incidents: Incidents): Promise<void> {
    for (const topic of TOPICS) this.publish(topic);
    await this.settled(incidents);
  }

  private settled(incidents: Incidents): Promise<void> {
    return incidents.expect(() => this.underWay === 0, 'every publish has come to its end');
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const burst = this.random.next() < BURSTS.share ? this.random.between(1, BURSTS.most) : 0;
      for (let left = burst + this.random.between(0, 1); left > 0 && this.underWay < MOST_UNDER_WAY; left--)
        this.publish(TOPICS[this.random.between(0, TOPICS.length - 1)]!);
      await sleep(1);
    }
  }

  private publish({ topic, qos }: KillsTopic): void {
    const n = this.ledger.publish(topic);
    this.underWay++;
    this.client.publish(topic, messageOf(n, this.random), { qos }).then(
      () => {
        this.underWay--;
        this.ledger.acknowledge(topic, n);
      },
      (error: unknown) => {
        this.underWay--;
        this.rejections.push(error);
      },
    );
  }
}
