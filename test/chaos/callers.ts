/* oxlint-disable promise/always-return -- the calls are tallied, and not waited for */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ClientMqtt,
  ConnectionClosedError,
  NoMatchingSubscribersError,
  RequestTimeoutError,
  type MqttClientOptions,
} from '../../lib/index.js';
import { ClientInspection, NOTHING_HELD } from '../support/client-inspection.js';

/** Ends of a request that are no surprise while everything is being killed. */
const EXPECTED = [ConnectionClosedError, NoMatchingSubscribersError, RequestTimeoutError];
const MOST_UNDER_WAY = 100;
const REQUEST_TIMEOUT_MS = 3_000;

function isExpected(error: unknown): boolean {
  return EXPECTED.some((expected) => error instanceof expected);
}

/** What has become of the calls of all clients. */
export interface Tally {
  readonly published: string[];
  answered: number;
  failed: number;
  underWay: number;
  readonly problems: string[];
}

/** One client, which publishes and asks without a break. */
export class Caller {
  private readonly client: ClientMqtt;
  private inspection: ClientInspection | undefined;
  private count = 0;
  private stopped = false;

  constructor(
    readonly clientId: string,
    options: MqttClientOptions,
    private readonly tally: Tally,
  ) {
    this.client = new ClientMqtt({ ...options, clientId, requestTimeout: REQUEST_TIMEOUT_MS });
  }

  async run(pauseMs: number): Promise<void> {
    await this.client.connect();
    await this.firstAnswer();
    this.inspection = new ClientInspection(this.client);
    while (!this.stopped) {
      if (this.tally.underWay < MOST_UNDER_WAY * 8) {
        this.publish(`${this.clientId}:${++this.count}`);
        this.ask(this.count);
      }
      await sleep(pauseMs);
    }
  }

  stop(): void {
    this.stopped = true;
  }

  /** What comes with the first request stays: what the client holds is compared with that. The killing has begun by now. */
  private async firstAnswer(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.client.request('chaos/echo', 'first');
        return;
      } catch (error) {
        if (!isExpected(error)) throw error;
      }
    }
  }

  /** What the client still holds when all its calls have ended. */
  leftovers(): string[] {
    if (!this.inspection) return ['it was never connected'];
    const [held, listeners] = [this.inspection.holdings(), this.inspection.newListeners()];
    const nothing = JSON.stringify({ held: NOTHING_HELD, listeners: {} });
    const found = JSON.stringify({ held, listeners });
    return found === nothing ? [] : [`${this.clientId} still holds ${found}`];
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private publish(id: string): void {
    const { tally } = this;
    tally.underWay++;
    this.client.publish('chaos/work', id, { qos: 1 }).then(
      () => {
        tally.underWay--;
        tally.published.push(id);
      },
      (error: unknown) => {
        tally.underWay--;
        tally.problems.push(`${id} was not published: ${String(error)}`);
      },
    );
  }

  private ask(question: number): void {
    const { tally } = this;
    tally.underWay++;
    this.client.request<number>('chaos/echo', question, { qos: 1 }).then(
      ({ data }) => {
        tally.underWay--;
        tally.answered++;
        if (data !== question) tally.problems.push(`${question} was answered by ${data}`);
      },
      (error: unknown) => {
        tally.underWay--;
        tally.failed++;
        if (!isExpected(error)) tally.problems.push(String(error));
      },
    );
  }
}
