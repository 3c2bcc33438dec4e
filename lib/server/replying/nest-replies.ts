import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { EncodedPayload } from '../../protocol/codec.js';
import type { MqttResponseOptions } from '../../records/mqtt-response.js';
import { encodeWith } from '../../serialization/checked-codec.js';
import { defaultCodec } from '../../serialization/codecs.js';
import { errorToJson } from '../../serialization/error-object.js';
import type { StreamPosition } from '../../serialization/wire-contract.js';
import type { ReplyDefaults, ReplyFormat, ReplyTarget } from './reply-format.js';
import { dataOf, NO_OPTIONS, optionsOf, replyMessage, replyMessageWithoutProperties } from './reply-message.js';

/** Replies in the wire format of Nest's built-in MQTT transport. On 5.0 the options of a response become properties. */
export class NestReplies implements ReplyFormat {
  constructor(
    private readonly defaults: ReplyDefaults,
    private readonly protocolVersion: 4 | 5,
  ) {}

  single(target: ReplyTarget, value: unknown): OutgoingMessage | undefined {
    return this.encode(target, { response: dataOf(value), isDisposed: true }, optionsOf(value));
  }

  item(target: ReplyTarget, value: unknown, { end }: StreamPosition): OutgoingMessage | undefined {
    if (end === 'last') return this.single(target, value);
    // both are set explicitly: Nest 11 treats a packet without response and isDisposed as a foreign one
    return this.encode(target, { response: dataOf(value), isDisposed: false }, optionsOf(value));
  }

  end(target: ReplyTarget): OutgoingMessage | undefined {
    return this.encode(target, { isDisposed: true }, NO_OPTIONS);
  }

  /** If the application's serializer throws for the error as well, the reply is sent without it. */
  failure(target: ReplyTarget, _code: string, error: unknown): OutgoingMessage | undefined {
    const packet = { err: JSON.parse(errorToJson(error)) as unknown, isDisposed: true };
    try {
      return this.encode(target, packet, NO_OPTIONS);
    } catch {
      return this.message(target, defaultCodec.encode({ ...packet, id: target.envelopeId }), NO_OPTIONS);
    }
  }

  private encode(target: ReplyTarget, packet: object, options: MqttResponseOptions): OutgoingMessage | undefined {
    const encoded = encodeWith(this.defaults.envelopeCodec, { ...packet, id: target.envelopeId });
    return this.message(target, encoded, options);
  }

  private message(
    target: ReplyTarget,
    { payload, contentType }: EncodedPayload,
    options: MqttResponseOptions,
  ): OutgoingMessage | undefined {
    const { publish } = this.defaults;
    if (this.protocolVersion === 4) return replyMessageWithoutProperties(target, publish, payload, options);
    // the Content Type is that of the envelope, not of the value in it
    const own = options.contentType === undefined ? options : { ...options, contentType };
    return replyMessage(target, publish, payload, contentType, own);
  }
}
