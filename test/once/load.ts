/* oxlint-disable promise/always-return -- the calls are tallied, and not waited for */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientMqtt } from '../../lib/index.js';
import type { Random } from '../support/random.js';

const MOST_UNDER_WAY = 200;
/** How many events are published twice, as by a publisher that has not heard of the first. */
const TWICE = 0.1;
const PATIENCE_MS = 600_000;

/** Publishes events and asks requests, in a random order, as far as it is allowed to. */
export class Load {
  readonly answers = new Map<string, number>();
  readonly failures: string[] = [];
  published = 0;
  publishedTwice = 0;
  private underWay = 0;
  private allowed = 0;
  private readonly jobs: { readonly topic: string; readonly id: string }[] = [];

  constructor(
    private readonly client: ClientMqtt,
    private readonly random: Random,
    { events, requests }: { events: number; requests: number },
  ) {
    for (const [kind, count] of [
      ['events', events],
      ['requests', requests],
    ] as const)
      for (let i = 0; i < count; i++)
        this.jobs.push({ topic: `once/${kind}/${i % 2 === 0 ? 'redis' : 'postgres'}`, id: `${kind} ${i}` });
    this.shuffle();
  }

  get ids(): string[] {
    return this.jobs.map(({ id }) => id);
  }

  /** @param share of all messages that may be sent by now, from 0 to 1 */
  allow(share: number): void {
    this.allowed = Math.ceil(share * this.jobs.length);
  }

  /** Until everything is sent, accepted and answered. */
  async run(): Promise<void> {
    while (this.published < this.jobs.length || this.underWay > 0) {
      while (this.published < this.allowed && this.underWay < MOST_UNDER_WAY) this.send(this.jobs[this.published++]!);
      await sleep(1);
    }
  }

  private send({ topic, id }: { topic: string; id: string }): void {
    if (topic.startsWith('once/requests'))
      this.follow(
        this.client.request<number>(topic, { id }, { qos: 1, timeout: PATIENCE_MS }).then(({ data }) => {
          if (this.answers.has(id)) this.failures.push(`"${id}" was answered twice`);
          this.answers.set(id, data);
        }),
        id,
      );
    else {
      this.follow(this.client.publish(topic, { id }, { qos: 1 }), id);
      if (this.random.next() >= TWICE) return;
      this.publishedTwice++;
      this.follow(this.client.publish(topic, { id }, { qos: 1 }), id);
    }
  }

  private follow(call: Promise<void>, id: string): void {
    this.underWay++;
    call
      .catch((error: unknown) => void this.failures.push(`"${id}": ${String(error)}`))
      .finally(() => this.underWay--)
      .catch(() => {});
  }

  private shuffle(): void {
    for (let i = this.jobs.length - 1; i > 0; i--) {
      const j = this.random.between(0, i);
      [this.jobs[i], this.jobs[j]] = [this.jobs[j]!, this.jobs[i]!];
    }
  }
}
