import type { Job } from '../concurrency/concurrency-gate.js';
import type { TopicParams } from '../routing/topic-template.js';
import { settlingOf } from '../acknowledgement/settlement.js';
import { ACK, type Delivery, type Settling } from '../protocol/delivery.js';
import type { PublishPacket } from '../protocol/application-message.js';
import { ReasonCode } from '../protocol/reason-code.js';
import { targetsOfCopy, type Route, type Target, type TopicRouter } from '../routing/topic-router.js';
import type { HandlerRuntime } from './handler-runtime.js';
import type { InternalTopics } from './internal-topics.js';
import { DeduplicatedInvocation } from './deduplicated-invocation.js';
import { deduplicationKey } from './deduplication.js';
import { Invocation } from './invocation.js';
import type { ReceivedMessage } from './received-message.js';
import { expiryOf } from './reply-target.js';
import type { ServerServices } from './server-services.js';

/** Tells the first copy of a message from the others, on connections where nothing on a copy does. */
export interface CopyFilter {
  isFirst(route: Route<HandlerRuntime>, topic: string, payload: Buffer): boolean;
}

interface ReceiverOptions {
  readonly internal: InternalTopics;
  readonly maxPayloadBytes: number;
  /** Takes a message that no handler is for. */
  readonly onStale: (topic: string, packet: PublishPacket, delivery: Delivery | undefined) => void;
}

/** Finds the handlers of each message that comes in, and hands it to each of them. */
export class MessageReceiver {
  /** Set where the broker sends one copy of a message for each subscription, and nothing tells them apart. */
  copies: CopyFilter | undefined;

  constructor(
    private readonly router: TopicRouter<HandlerRuntime>,
    private readonly services: ServerServices,
    private readonly options: ReceiverOptions,
  ) {}

  receive(topic: string, payload: Buffer, packet: PublishPacket, delivery: Delivery | undefined): void {
    const { services, options } = this;
    services.counters.received++;
    const route = this.router.route(topic);
    if (route.subscriptions.length === 0) {
      if (options.internal.receive(topic, packet)) delivery?.decide(ACK);
      else options.onStale(topic, packet, delivery);
      return;
    }
    if (payload.length > options.maxPayloadBytes) {
      this.refuseOversized(topic, payload.length, delivery);
      return;
    }
    if (this.copies && !this.copies.isFirst(route, topic, payload)) {
      delivery?.decide(ACK);
      return;
    }
    const targets = targetsOfCopy(route, packet.properties?.subscriptionIdentifier);
    const message: ReceivedMessage = { topic, payload, packet, expiresAt: expiryOf(packet) };
    const settlement = settlingOf(delivery, targets.length);
    if (targets.length === 0) delivery?.decide(ACK); // a copy for a subscription whose handler runs for another copy
    for (const target of targets) this.dispatch(message, target, settlement);
  }

  private dispatch(
    message: ReceivedMessage,
    { handler, params }: Target<HandlerRuntime>,
    settlement: Settling | undefined,
  ): void {
    const responseTopic = message.packet.properties?.responseTopic;
    const problem =
      responseTopic === undefined || handler.isEventHandler ? undefined : handler.responseTopics.problem(responseTopic);
    if (problem === undefined) handler.lane.submit(this.jobOf(message, handler, params, settlement));
    else this.refuseRequest(message.topic, responseTopic!, problem, settlement);
  }

  private jobOf(
    message: ReceivedMessage,
    handler: HandlerRuntime,
    params: TopicParams,
    settlement: Settling | undefined,
  ): Job {
    const { deduplication } = handler;
    const key = deduplication && deduplicationKey(message);
    if (key === undefined) return new Invocation(message, handler, params, settlement, this.services);
    return new DeduplicatedInvocation(key, deduplication!, message, handler, params, settlement, this.services);
  }

  private refuseRequest(topic: string, responseTopic: string, problem: string, settlement: Settling | undefined): void {
    const { counters, warnOnce } = this.services;
    counters.refusedRequests++;
    warnOnce(
      `response topic ${responseTopic}`,
      `A request on "${topic}" was not run because of its Response Topic ${JSON.stringify(responseTopic)}: ${problem}.`,
    );
    settlement?.decide(ACK);
  }

  private refuseOversized(topic: string, bytes: number, delivery: Delivery | undefined): void {
    const { counters, warnOnce } = this.services;
    counters.oversized++;
    warnOnce(
      `oversized ${topic}`,
      `A message of ${bytes} bytes on "${topic}" was refused: maxPayloadBytes is ${this.options.maxPayloadBytes}.`,
    );
    delivery?.decide({ kind: 'reject', reasonCode: ReasonCode.QUOTA_EXCEEDED, reasonString: 'payload too large' });
  }
}
