import { PayloadDecodeError } from '../../errors/payload-decode.error.js';
import { RemoteError } from '../../errors/remote.error.js';
import type { OutgoingMessage, PublishPacket } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import { defaultCodec } from '../../serialization/codecs.js';
import { errorCodeOf } from '../../serialization/error-object.js';
import { nestReplyTopic } from '../../serialization/nest-envelope.js';
import type { MessageComposer } from '../message-composer.js';
import type { CorrelationData } from '../requests/correlation-data.js';
import type { Request } from '../requests/request.js';
import type { RequestCall } from '../requests/request-call.js';
import type { AwaitedRequests, RequestFormat } from './request-format.js';

/** A reply in the wire format of Nest's built-in MQTT transport. */
interface EnvelopeReply {
  readonly id?: unknown;
  readonly response?: unknown;
  readonly err?: unknown;
  readonly isDisposed?: unknown;
}

/** Nest's built-in wire format: `{ pattern, data, id }`, with replies on `<topic>/reply`, which all callers subscribe to. */
export class EnvelopeFormat implements RequestFormat {
  readonly exclusive = false;
  readonly enveloped = true;

  constructor(
    private readonly composer: MessageComposer,
    /** Codec of whole packets. */
    private readonly codec: MqttCodec,
    private readonly correlation: CorrelationData,
  ) {}

  check({ topic, options }: RequestCall): void {
    this.composer.check(topic, options);
  }

  responseTopic({ topic }: RequestCall): string {
    return nestReplyTopic(topic);
  }

  compose(request: Request): OutgoingMessage {
    const { topic, options } = request.call;
    const id = this.correlation.bytesOf(this.correlation.next()).toString('latin1');
    request.key = id;
    const { call, observed } = request;
    const metadata = observed === undefined ? call.metadata : observed.metadata(call.metadata);
    return this.composer.compose(topic, envelopeOf(call, metadata, id), { ...options, codec: this.codec });
  }

  receive(packet: PublishPacket, awaited: AwaitedRequests): boolean {
    const reply = this.read(packet, awaited);
    const request = requestOf(reply, awaited);
    if (!reply || !request) return true; // probably for another caller: all of them share this topic
    const { err, response, isDisposed } = reply;
    if (err !== undefined && err !== null)
      request.failedRemotely(new RemoteError(errorCodeOf(err), err, request.topic));
    else if (!isDisposed) request.next(response, packet);
    else if (response === undefined) request.complete(packet);
    else request.single(response, packet);
    return true;
  }

  /** The topic is shared by all callers: a message that cannot be decoded is ignored, unless it has the id of our request. */
  private read({ topic, payload }: PublishPacket, awaited: AwaitedRequests): EnvelopeReply | undefined {
    try {
      return asReply(this.codec.decode(payload, { contentType: undefined, topic }));
    } catch (cause) {
      const request = requestOf(bareReply(payload, topic), awaited);
      request?.fail(new PayloadDecodeError(topic, undefined, { cause })); // the deserializer threw
      return undefined;
    }
  }
}

/** A packet of Nest. @param id the id of a request; undefined for an event */
export function envelopeOf(
  { pattern, data }: RequestCall,
  metadata: Readonly<Record<string, string>> | undefined,
  id?: string,
): object {
  const event = metadata === undefined ? { pattern, data } : { pattern, data, metadata };
  return id === undefined ? event : { ...event, id };
}

function requestOf(reply: EnvelopeReply | undefined, awaited: AwaitedRequests): Request | undefined {
  return typeof reply?.id === 'string' ? awaited.get(reply.id) : undefined;
}

/** The reply before the deserializer. */
function bareReply(payload: Buffer, topic: string): EnvelopeReply | undefined {
  try {
    return asReply(defaultCodec.decode(payload, { contentType: undefined, topic }));
  } catch {
    return undefined;
  }
}

function asReply(value: unknown): EnvelopeReply | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}
