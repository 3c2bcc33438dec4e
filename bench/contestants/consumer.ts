import { tell } from '../harness/player.js';

export const TOPIC = 'bench/readings';

export interface ConsumerParameters {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly clientId: string;
  readonly qos: 0 | 1 | 2;
  /** Messages that come. */
  readonly messages: number;
  /** Receive Maximum (5.0). */
  readonly window: number;
}

export interface ConsumerResult {
  /** From the first message to the last. */
  readonly seconds: number;
  /** CPU time meanwhile. */
  readonly cpuSeconds: number;
}

export interface Reading {
  readonly device: string;
  readonly celsius: number;
}

/** The work that every consumer does for a message, and the measuring: from the first one to the last. */
export class ReadingCounter {
  private count = 0;
  private total = 0;
  private startedAt = 0;
  private cpuAtStart = process.cpuUsage();

  constructor(private readonly messages: number) {}

  take({ celsius }: Reading): void {
    if (this.count === 0) {
      this.startedAt = performance.now();
      this.cpuAtStart = process.cpuUsage();
    }
    this.total += celsius;
    if (++this.count === this.messages) this.end();
  }

  private end(): void {
    const { user, system } = process.cpuUsage(this.cpuAtStart);
    const result: ConsumerResult = {
      seconds: (performance.now() - this.startedAt) / 1_000,
      cpuSeconds: (user + system) / 1_000_000,
    };
    if (Number.isNaN(this.total)) throw new Error('The messages were not what they should be');
    tell(result);
  }
}
