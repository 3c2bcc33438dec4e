import { Injectable } from '@nestjs/common';
import type { MqttDeadLetter, MqttDelivery, MqttHandled, MqttSettlement } from '../observing/mqtt-delivery.js';
import type { MqttObservedHandler } from '../observing/mqtt-observed-handler.js';
import type { MqttDrop } from '../observing/mqtt-drop.js';
import type { MqttConnectionEvent, MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import type { MqttObservedRequest, MqttRequestEnd } from '../observing/mqtt-observed-request.js';
import type { MqttObserver } from '../observing/mqtt-observer.js';
import { ConnectionRecord } from './records/connection-record.js';
import { HandlerRecord } from './records/handler-record.js';
import { InFlight } from './records/in-flight.js';
import { LetterRecords } from './records/letter-records.js';
import { RequestRecords } from './records/request-records.js';
import { Ring } from './records/ring.js';
import { excerpt } from './views/excerpt.js';
import type { DropView, EventView, Some } from './views/snapshot.js';

/** Above this rate the inspector follows a sample. */
const MAX_FOLLOWED = 1_000;
const KEPT = 50;

/**
 * The observer behind the inspector's page. It records connections, failures, drops and dead letters all the time, in bounded lists.
 * It follows single messages only while the page is open, and every nth message at high rates.
 *
 * `MqttModule` passes it to its servers and clients. Pass it to others with their option `observers`.
 */
@Injectable()
export class MqttInspector implements MqttObserver {
  /** @internal */
  readonly connections = new Map<MqttObservedConnection, ConnectionRecord>();
  /** @internal */
  readonly inFlight = new InFlight();
  /** @internal */
  readonly requests = new RequestRecords();
  /** @internal */
  readonly letters = new LetterRecords();
  /** @internal one message in `oneIn` is followed */
  oneIn = 1;

  private readonly handlers = new Map<MqttObservedHandler, HandlerRecord>();
  private readonly dropped_ = new Ring<DropView>(KEPT);
  private readonly events_ = new Ring<EventView>(KEPT);
  private watched = false;
  private seen = 0;
  private drops_ = 0;
  private latest = 0;

  /** @internal */
  watch(): void {
    this.watched = true;
  }

  /** @internal the last viewer has left */
  unwatch(): void {
    this.watched = false;
    this.oneIn = 1;
    this.seen = 0;
    this.inFlight.clear();
    this.requests.clear();
    for (const record of this.handlers.values()) record.reset();
  }

  /** @internal called every second while there are viewers */
  tick(): void {
    this.oneIn = Math.max(1, Math.ceil(this.seen / MAX_FOLLOWED));
    this.seen = 0;
    for (const record of this.handlers.values()) record.rate.tick();
  }

  /** @internal */
  recordOf(handler: MqttObservedHandler): HandlerRecord {
    let record = this.handlers.get(handler);
    if (!record) this.handlers.set(handler, (record = new HandlerRecord()));
    return record;
  }

  /** @internal */
  get drops(): Some<DropView> {
    return { shown: this.dropped_.latest(), all: this.drops_ };
  }

  /** @internal */
  get events(): EventView[] {
    return this.events_.latest();
  }

  follows(handler: MqttObservedHandler): boolean {
    if (!this.watched) return false;
    this.recordOf(handler).rate.count();
    return this.seen++ % this.oneIn === 0;
  }

  request(request: MqttObservedRequest): ((end: MqttRequestEnd) => void) | undefined {
    return this.watched ? this.requests.begin(request) : undefined;
  }

  received(delivery: MqttDelivery): void {
    if (this.watched) this.inFlight.begin(delivery);
  }

  handle(delivery: MqttDelivery, run: () => void): void {
    if (this.watched) this.inFlight.setState(delivery, 'running');
    run();
  }

  retried(delivery: MqttDelivery, { error }: { readonly error: unknown }): void {
    this.recordOf(delivery.handler).failed(error);
    this.inFlight.setState(delivery, 'retrying');
  }

  handled(delivery: MqttDelivery, { failed, error, durationMs }: MqttHandled): void {
    const record = this.recordOf(delivery.handler);
    if (failed) record.failed(error);
    if (this.watched && durationMs > 0) record.durations.add(durationMs);
    this.inFlight.setState(delivery, 'settling');
  }

  settled(delivery: MqttDelivery, { outcome }: MqttSettlement): void {
    if (outcome === 'withheld') this.recordOf(delivery.handler).withheld++;
  }

  deadLettered(delivery: MqttDelivery, letter: MqttDeadLetter): void {
    this.letters.add(delivery, letter);
  }

  completed(delivery: MqttDelivery): void {
    this.inFlight.end(delivery);
  }

  dropped({ topic, reason, size, handler, delivery }: MqttDrop): void {
    if (delivery && reason !== 'undecodable' && reason !== 'expired') this.inFlight.end(delivery);
    this.drops_++;
    this.dropped_.push({
      id: ++this.latest,
      at: Date.now(),
      topic: excerpt(topic),
      handler: handler?.template,
      reason,
      size,
    });
  }

  connection(connection: MqttObservedConnection, event: MqttConnectionEvent): void {
    let record = this.connections.get(connection);
    if (!record) this.connections.set(connection, (record = new ConnectionRecord(`c${++this.latest}`, connection)));
    const text = record.happened(event);
    if (text !== undefined) this.events_.push({ id: ++this.latest, at: Date.now(), connection: record.id, text });
    if (event.kind !== 'closed') return;
    this.connections.delete(connection);
    for (const { handler } of connection.handlers()) this.handlers.delete(handler);
  }
}
