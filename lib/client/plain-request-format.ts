import type { PublishPacket } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import type { MessageComposer } from './message-composer.js';
import { correlationKey, type PendingRequests } from './pending-requests.js';
import { deliverReply } from './reply-reader.js';
import type { ComposedRequest, RequestCall, RequestFormat } from './request-format.js';

/** 5.0: the payload is the value, Response Topic and Correlation Data say where and what to answer (section 4.10). */
export class PlainRequestFormat implements RequestFormat {
  readonly exclusive = false;

  constructor(
    private readonly pending: PendingRequests,
    private readonly composer: MessageComposer,
    private readonly codec: MqttCodec,
  ) {}

  check({ topic, options }: RequestCall): void {
    this.composer.check(topic, options);
  }

  responseTopic({ options }: RequestCall): string | undefined {
    return options.responseTopic;
  }

  compose({ topic, data, options }: RequestCall, responseTopic: string, remainingMs: number): ComposedRequest {
    const correlationData = options.correlationData ?? this.pending.newCorrelationData();
    const own = { responseTopic, correlationData, messageExpiryInterval: Math.ceil(remainingMs / 1_000) };
    return { key: correlationKey(correlationData), message: this.composer.compose(topic, data, options, own) };
  }

  receive(topic: string, payload: Buffer, packet: PublishPacket): boolean {
    const correlationData = packet.properties?.correlationData;
    const request = correlationData && this.pending.find(correlationKey(correlationData));
    if (request) deliverReply(request, topic, payload, packet, request.codec ?? this.codec);
    return request !== undefined;
  }
}
