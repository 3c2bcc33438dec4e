import type { Outcome } from '../../acknowledgement/settle-by-policy.js';
import type { MqttDeadLetter, MqttDelivery, MqttHandled, MqttSettlement } from '../../observing/mqtt-delivery.js';
import type { MqttObservedHandler } from '../../observing/mqtt-observed-handler.js';
import type { MqttObservedConnection } from '../../observing/mqtt-observed-connection.js';
import type { Observers } from '../../observing/observers.js';
import type { MqttPublication } from '../../observing/mqtt-publication.js';
import type { OutgoingMessage, QoS, UserProperties } from '../../protocol/application-message.js';
import type { Decision } from '../../protocol/delivery.js';
import { isMasked } from '../../serialization/error-object.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import { hasExpired } from '../../wire/outbound/message-expiry.js';
import type { Send } from '../replying/send.js';

/** State that changes while a handler runs. */
interface Progress {
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/** A message for one handler, for observers. Created only if there are observers. */
export class ObservedDelivery implements MqttDelivery {
  readonly receivedAt = Date.now();
  private readonly arrival = performance.now();
  // private to the language too: an observer may freeze what it is told
  #start = this.arrival;
  /** Whether it has been told what becomes of the message. */
  #isSettled = false;

  constructor(
    private readonly observers: Observers,
    readonly handler: MqttObservedHandler,
    private readonly message: InboundMessage,
    private readonly progress: Progress,
  ) {}

  // ---- data for observers

  get connection(): MqttObservedConnection {
    return this.observers.connection;
  }

  get topic(): string {
    return this.message.topic;
  }

  get payload(): Buffer {
    return this.message.payload;
  }

  get qos(): QoS {
    return this.message.qos;
  }

  get retain(): boolean {
    return this.message.packet.retain;
  }

  get dup(): boolean {
    return this.message.packet.dup;
  }

  get packetId(): number | undefined {
    return this.message.packet.messageId;
  }

  get contentType(): string | undefined {
    return this.message.packet.properties?.contentType;
  }

  get correlationData(): Buffer | undefined {
    return this.message.packet.properties?.correlationData;
  }

  get userProperties(): Readonly<UserProperties> {
    return this.message.packet.properties?.userProperties ?? NO_USER_PROPERTIES;
  }

  get metadata(): Readonly<Record<string, string>> | undefined {
    return this.progress.metadata;
  }

  get attempt(): number {
    return this.progress.attempt;
  }

  // ---- calls of observers

  received(): void {
    this.observers.received(this);
  }

  started(): void {
    this.#start = performance.now();
  }

  handle(run: () => void): void {
    this.observers.handle(this, run);
  }

  retried(error: unknown, delayMs: number): void {
    this.observers.retried(this, { error, delayMs });
  }

  handled(outcome: Outcome, code: MqttHandled['code']): void {
    this.observers.handled(this, {
      failed: outcome.failed,
      error: outcome.failed ? (outcome.thrown ?? outcome.error) : undefined,
      code: outcome.failed ? (code ?? kindOf(outcome.error)) : undefined,
      durationMs: performance.now() - this.#start,
    });
  }

  settled(decision: Decision): void {
    const { reasonCode, reasonString } = decision.kind === 'reject' ? decision : NO_REASON;
    this.tellSettled(outcomeOf(decision), reasonCode, reasonString);
  }

  deadLettered(letter: MqttDeadLetter, decision: Decision): void {
    this.observers.deadLettered(this, letter);
    this.tellSettled(letter.error ? outcomeOf(decision) : 'dead-lettered');
  }

  /** The server closes: the message stays with the broker. */
  left(): void {
    this.tellSettled('left');
  }

  completed(): void {
    if (!this.#isSettled && this.qos > 0) this.observers.undecided.add(this);
    this.observers.completed(this);
  }

  /** No reply was created: reported to observers if the request has expired. */
  replyOmitted(): void {
    const { topic, qos, payload, expiresAt } = this.message;
    if (!hasExpired(expiresAt)) return;
    const { handler } = this;
    this.observers.dropped({ reason: 'expired', topic, qos, size: payload.length, handler, delivery: this });
  }

  /** Sends a message of this delivery. */
  send(
    send: Send,
    kind: MqttPublication['kind'],
    template: string | undefined,
    message: OutgoingMessage,
    settled: Parameters<Send>[1],
  ): boolean {
    const { topic, qos, retain, properties } = message;
    const correlationData = properties?.correlationData;
    const publication = this.observers.publish({
      kind,
      topic,
      template,
      qos,
      retain,
      correlationData,
      delivery: this,
    });
    return send(publication.complete(message), (error, reasonCode) => {
      publication.settled(error, reasonCode);
      settled(error, reasonCode);
    });
  }

  private tellSettled(wanted: MqttSettlement['outcome'], reasonCode?: number, reasonString?: string): void {
    if (this.#isSettled) return; // by a server that did not wait for it any longer
    this.#isSettled = true;
    this.observers.undecided.delete(this);
    const isGone = this.qos === 0 && (wanted === 'withheld' || wanted === 'left'); // no broker keeps it
    const outcome = isGone ? 'lost' : wanted;
    this.observers.settled(this, { outcome, reasonCode, reasonString, afterMs: performance.now() - this.arrival });
  }
}

function kindOf(error: unknown): 'internal' | 'rpc' {
  return isMasked(error) ? 'internal' : 'rpc';
}

const NO_REASON = { reasonCode: undefined, reasonString: undefined };

function outcomeOf(decision: Decision): MqttSettlement['outcome'] {
  if (decision.kind === 'ack') return 'acked';
  if (decision.kind === 'reject') return 'rejected';
  return decision.again ? 'withheld' : 'left';
}
