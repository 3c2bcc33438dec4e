import { RemoteError } from '../errors/remote.error.js';
import type { PublishPacket } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { errorCodeOf } from '../serialization/error-object.js';
import { nestReplyTopic } from '../serialization/nest-envelope.js';
import type { MessageComposer } from './message-composer.js';
import type { PendingRequests } from './pending-requests.js';
import { replyOf } from './reply-reader.js';
import type { ComposedRequest, RequestCall, RequestFormat } from './request-format.js';

/** A reply in the wire format of Nest's built-in MQTT transport. */
interface EnvelopeReply {
  readonly id?: unknown;
  readonly response?: unknown;
  readonly err?: unknown;
  readonly isDisposed?: unknown;
}

/** Nest's built-in wire format: `{ pattern, data, id }`, answered on `<topic>/reply`, where all callers listen. */
export class EnvelopeRequestFormat implements RequestFormat {
  readonly exclusive = false;

  constructor(
    private readonly pending: PendingRequests,
    private readonly composer: MessageComposer,
    /** Codec of whole packets. */
    private readonly codec: MqttCodec,
  ) {}

  check({ topic, options }: RequestCall): void {
    this.composer.check(topic, options);
  }

  responseTopic({ topic }: RequestCall): string {
    return nestReplyTopic(topic);
  }

  compose({ pattern, topic, data, options }: RequestCall): ComposedRequest {
    const id = this.pending.newCorrelationData().toString();
    return { key: id, message: this.composer.compose(topic, { pattern, data, id }, { ...options, codec: this.codec }) };
  }

  receive(topic: string, payload: Buffer, packet: PublishPacket): boolean {
    const reply = this.read(topic, payload);
    const request = typeof reply?.id === 'string' ? this.pending.find(reply.id) : undefined;
    if (!reply || !request) return true; // most likely another caller's: this topic belongs to all of them
    const { err, response, isDisposed } = reply;
    if (err !== undefined && err !== null) request.fail(new RemoteError(errorCodeOf(err), err, request.topic));
    else if (!isDisposed) request.next(replyOf(response, topic, packet));
    else if (response === undefined) request.complete(replyOf(undefined, topic, packet));
    else request.single(replyOf(response, topic, packet));
    return true;
  }

  /** On a topic that belongs to all callers anything may come: what cannot be read is not for us. */
  private read(topic: string, payload: Buffer): EnvelopeReply | undefined {
    try {
      const value = this.codec.decode(payload, { contentType: undefined, topic });
      return typeof value === 'object' && value !== null ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
