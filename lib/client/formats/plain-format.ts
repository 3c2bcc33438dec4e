import type { OutgoingMessage, PublishPacket } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import type { MessageComposer } from '../message-composer.js';
import type { CorrelationData } from '../requests/correlation-data.js';
import { deliverReply } from './plain-reply.js';
import type { Request } from '../requests/request.js';
import type { RequestCall } from '../requests/request-call.js';
import type { AwaitedRequests, RequestFormat } from './request-format.js';

/** Maximum Message Expiry Interval, in seconds (section 3.3.2.3.3). */
const MAX_MESSAGE_EXPIRY_INTERVAL = 0xffff_ffff;

/** 5.0: the payload is the value; Response Topic and Correlation Data identify the reply (section 4.10). */
export class PlainFormat implements RequestFormat {
  readonly exclusive = false;
  readonly enveloped = false;

  constructor(
    private readonly composer: MessageComposer,
    private readonly codec: MqttCodec,
    private readonly correlation: CorrelationData,
  ) {}

  check({ topic, options }: RequestCall): void {
    this.composer.check(topic, options);
  }

  responseTopic({ options }: RequestCall): string | undefined {
    return options.responseTopic;
  }

  compose(request: Request, remainingMs: number): OutgoingMessage {
    const { topic, data, options } = request.call;
    let { correlationData } = options;
    if (correlationData) request.key = this.correlation.keyOf(correlationData);
    else correlationData = this.correlation.bytesOf((request.key = this.correlation.next()));
    request.correlationData = correlationData;
    const own = { responseTopic: request.responseTopic!, correlationData };
    return this.composer.compose(topic, data, options, own, expiryIntervalOf(remainingMs));
  }

  receive(packet: PublishPacket, awaited: AwaitedRequests): boolean {
    const request = this.requestOf(packet, awaited);
    if (request) deliverReply(request, packet, request.call.options.codec ?? this.codec);
    return request !== undefined;
  }

  /** The pending request of a reply; undefined if there is none. */
  requestOf({ properties }: PublishPacket, awaited: AwaitedRequests): Request | undefined {
    const correlationData = properties?.correlationData;
    return correlationData && awaited.get(this.correlation.keyOf(correlationData));
  }
}

/** The Message Expiry Interval; undefined for a request without a timeout. */
function expiryIntervalOf(remainingMs: number): number | undefined {
  return remainingMs === Infinity ? undefined : Math.min(MAX_MESSAGE_EXPIRY_INTERVAL, Math.ceil(remainingMs / 1_000));
}
