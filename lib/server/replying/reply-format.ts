import type { PublishDefaults } from '../../options/publish-options.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import type { StreamPosition } from '../../serialization/wire-contract.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';

/** What a reply answers, and where it goes. */
export interface ReplyTarget {
  /** The request. */
  readonly message: InboundMessage;
  readonly replyTopic: string | undefined;
  /** Set when the request came in Nest's envelope: replies go in it too, and carry this. */
  readonly envelopeId: string | undefined;
}

/** What all replies of a handler have in common. */
export interface ReplyDefaults {
  readonly codec: MqttCodec;
  /** Codec of whole packets in Nest's envelope. */
  readonly envelopeCodec: MqttCodec;
  readonly publish: Readonly<PublishDefaults>;
}

/**
 * Turns what a handler answers into messages. One for all requests. `undefined` when there is nothing left to answer, because the
 * request has expired.
 */
export interface ReplyFormat {
  /** The one and only value. */
  single(target: ReplyTarget, value: unknown): OutgoingMessage | undefined;
  /** A value of a stream, at its position. @param controlTopic where its caller can cancel it */
  item(
    target: ReplyTarget,
    value: unknown,
    position: StreamPosition,
    controlTopic?: string,
  ): OutgoingMessage | undefined;
  /** The end of a stream of `count` values. */
  end(target: ReplyTarget, count: number): OutgoingMessage | undefined;
  /** @param streaming whether values of a stream went before */
  failure(target: ReplyTarget, code: string, error: unknown, streaming?: boolean): OutgoingMessage | undefined;
}

/** The formats in which a handler answers: a request is answered in the one that it was asked in. */
export interface ReplyFormats {
  readonly plain: ReplyFormat;
  readonly envelope: ReplyFormat;
}
