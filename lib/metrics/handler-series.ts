import type { MqttDeadLetter, MqttDelivery, MqttHandled, MqttSettlement } from '../observing/mqtt-delivery.js';
import type { Instruments } from './instruments.js';
import { brokerOf } from './labels.js';
import type { Cell } from './tally.js';

/** The series of one handler, looked up once. */
export class HandlerSeries {
  readonly received: Cell;
  readonly retries: Cell;
  private readonly labels: { readonly broker: string; readonly handler: string };
  private readonly duration: { observe(seconds: number): void };
  private readonly succeeded: Cell;
  private readonly failed: Cell;
  private readonly outcomes = new Map<MqttSettlement['outcome'], Cell>();

  constructor(
    private readonly instruments: Instruments,
    { connection, handler }: MqttDelivery,
  ) {
    const labels = (this.labels = { broker: brokerOf(connection), handler: handler.template });
    this.received = instruments.received.cell(labels);
    this.retries = instruments.retries.cell(labels);
    this.duration = instruments.handlingDuration.labels(labels);
    this.succeeded = instruments.handled.cell({ ...labels, outcome: 'succeeded' });
    this.failed = instruments.handled.cell({ ...labels, outcome: 'failed' });
  }

  handled({ failed, durationMs }: MqttHandled): void {
    (failed ? this.failed : this.succeeded).count++;
    this.duration.observe(durationMs / 1_000);
  }

  settled({ outcome }: MqttSettlement): void {
    let cell = this.outcomes.get(outcome);
    if (!cell) this.outcomes.set(outcome, (cell = this.instruments.settled.cell({ ...this.labels, outcome })));
    cell.count++;
  }

  deadLettered({ error }: MqttDeadLetter): void {
    this.instruments.deadLetters.cell({ ...this.labels, outcome: error ? 'refused' : 'accepted' }).count++;
  }
}
