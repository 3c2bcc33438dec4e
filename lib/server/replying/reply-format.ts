import type { PublishDefaults } from '../../options/publish-options.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import type { StreamPosition } from '../../serialization/wire-contract.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';

/** The target of a reply. */
export interface ReplyTarget {
  /** The request. */
  readonly message: InboundMessage;
  readonly replyTopic: string | undefined;
  /** Id of a request in Nest's envelope: its replies are sent in the envelope, with the same id. */
  readonly envelopeId: string | undefined;
}

/** Defaults of all replies of a handler. */
export interface ReplyDefaults {
  readonly codec: MqttCodec;
  /** Codec of whole packets in Nest's envelope. */
  readonly envelopeCodec: MqttCodec;
  readonly publish: Readonly<PublishDefaults>;
}

/**
 * Creates the reply messages of a handler; stateless, shared by all requests. Methods return `undefined` when the request has expired.
 */
export interface ReplyFormat {
  /** A single value. */
  single(target: ReplyTarget, value: unknown): OutgoingMessage | undefined;
  /** A value of a stream, at its position. @param controlTopic topic on which the caller can cancel the stream */
  item(
    target: ReplyTarget,
    value: unknown,
    position: StreamPosition,
    controlTopic?: string,
  ): OutgoingMessage | undefined;
  /** The end of a stream of `count` values. */
  end(target: ReplyTarget, count: number): OutgoingMessage | undefined;
  /** @param streaming whether values of a stream have been sent before */
  failure(target: ReplyTarget, code: string, error: unknown, streaming?: boolean): OutgoingMessage | undefined;
}

/** The reply formats of a handler: a reply has the format of its request. */
export interface ReplyFormats {
  readonly plain: ReplyFormat;
  readonly envelope: ReplyFormat;
}
