import { settlingOf } from '../../acknowledgement/settlement.js';
import type { PublishPacket } from '../../protocol/application-message.js';
import { ACK, type Settling } from '../../protocol/delivery.js';
import { ReasonCode } from '../../protocol/reason-code.js';
import { targetsOfCopy } from '../../routing/overlap/targets-of-copy.js';
import type { Route, Target } from '../../routing/subscription.js';
import type { TopicParams } from '../../routing/topic-template.js';
import type { TopicRouter } from '../../routing/topic-router.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import { deduplicatedJob } from '../deduplication/deduplicated-job.js';
import type { Job } from '../concurrency/concurrency-gate.js';
import { failingHandler } from './failing-handler.js';
import { Invocation } from './invocation.js';
import type { InvocationHost } from './invocation-host.js';
import { orderKeyOf } from './order-key.js';
import type { ServedHandler } from './served-handler.js';
import { tellDropped } from './tell-dropped.js';

/** Recognises the first copy of a message, on connections whose copies have no identifiers. */
export interface CopyFilter {
  isFirst(route: Route<ServedHandler>, topic: string, payload: Buffer): boolean;
}

/** Topics of the server itself, without handlers. */
export type InternalTopics = Map<string, (packet: PublishPacket) => void>;

interface ReceiverOptions {
  readonly internal: InternalTopics;
  readonly maxPayloadBytes: number;
  /** Handles a message without a handler. */
  readonly onStale: (message: InboundMessage) => void;
}

/** Finds the handlers of each incoming message, and passes it to them. */
export class MessageReceiver {
  /** Set when the broker sends a copy of a message for each subscription, without identifiers. */
  copies: CopyFilter | undefined;

  constructor(
    private readonly router: TopicRouter<ServedHandler>,
    private readonly host: InvocationHost,
    private readonly options: ReceiverOptions,
  ) {}

  receive(message: InboundMessage): void {
    const { topic, payload, properties } = message.packet;
    const { internal, maxPayloadBytes, onStale } = this.options;
    this.host.counters.received++;
    const listener = internal.size > 0 ? internal.get(topic) : undefined;
    if (listener !== undefined) {
      listener(message.packet);
      message.decide(ACK);
      return;
    }
    const route = this.router.route(topic);
    if (route.subscriptions.length === 0) {
      onStale(message);
      return;
    }
    if (this.copies && !this.copies.isFirst(route, topic, payload)) {
      message.decide(ACK);
      return;
    }
    const targets = targetsOfCopy(route, properties?.subscriptionIdentifier);
    if (payload.length > maxPayloadBytes && targets.length > 0) {
      this.refuseOversized(message, targets);
      return;
    }
    if (targets.length === 1) {
      this.dispatch(message, targets[0]!, message);
      return;
    }
    if (targets.length === 0) message.decide(ACK); // the handler of this subscription runs for another copy
    const settling = settlingOf(message, targets.length);
    for (const target of targets) this.dispatch(message, target, settling);
  }

  private dispatch(message: InboundMessage, { handler, params }: Target<ServedHandler>, settling: Settling): void {
    const responseTopic = message.packet.properties?.responseTopic;
    if (responseTopic !== undefined && !handler.isEventHandler) {
      const problem = handler.responseTopics.problem(responseTopic);
      if (problem !== undefined) {
        this.refuseRequest(message, handler, problem, settling);
        return;
      }
    }
    const { options, lane } = handler;
    if (options.orderBy === undefined) lane.submit(this.jobOf(message, handler, params, settling, undefined));
    else this.dispatchInOrder(message, handler, params, settling);
  }

  /** A message whose key cannot be determined fails; such messages are handled one after another. */
  private dispatchInOrder(
    message: InboundMessage,
    handler: ServedHandler,
    params: TopicParams,
    settling: Settling,
  ): void {
    let served = handler;
    let key: string | undefined = '';
    try {
      key = orderKeyOf(message, handler, params, this.host);
    } catch (error) {
      served = failingHandler(handler, 'orderBy', error);
    }
    handler.lane.submit(this.jobOf(message, served, params, settling, key));
  }

  private jobOf(
    message: InboundMessage,
    handler: ServedHandler,
    params: TopicParams,
    settling: Settling,
    orderKey: string | undefined,
  ): Job {
    const { deduplication } = handler;
    const job =
      deduplication === undefined
        ? new Invocation(message, handler, params, settling, this.host)
        : deduplicatedJob(deduplication, message, handler, params, settling, this.host);
    job.orderKey = orderKey;
    return job;
  }

  private refuseRequest(message: InboundMessage, handler: ServedHandler, problem: string, settling: Settling): void {
    const { counters, warnOnce, observers } = this.host;
    const { topic } = message;
    const responseTopic = message.packet.properties!.responseTopic!;
    counters.refusedRequests++;
    warnOnce(
      'response topic',
      responseTopic,
      `A request on "${topic}" was not run because of its Response Topic ${JSON.stringify(responseTopic)}: ${problem}.`,
    );
    settling.decide(ACK);
    tellDropped(observers, 'response-topic', message, handler);
  }

  private refuseOversized(message: InboundMessage, targets: readonly Target<ServedHandler>[]): void {
    const { counters, warnOnce, observers } = this.host;
    const { topic, payload } = message;
    counters.oversized++;
    warnOnce(
      'oversized',
      topic,
      `A message of ${payload.length} bytes on "${topic}" was refused: maxPayloadBytes is ${this.options.maxPayloadBytes}.`,
    );
    message.decide({ kind: 'reject', reasonCode: ReasonCode.QUOTA_EXCEEDED, reasonString: 'payload too large' });
    for (const { handler } of targets) tellDropped(observers, 'too-large', message, handler);
  }
}
