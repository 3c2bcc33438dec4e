import type { PublishDefaults } from '../options/publish-options.js';
import type { MessageProperties, OutgoingMessage, QoS, UserProperties } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { MqttResponse, type MqttResponseOptions } from '../records/mqtt-response.js';
import { fillProperties, mergeUserProperties } from '../records/publish-properties.js';
import { refuseProperties } from '../records/only-on-5.js';
import { JSON_CONTENT_TYPE } from '../serialization/codecs.js';
import { errorToJson } from '../serialization/error-object.js';
import { formatStreamPosition, NestProperty, type StreamPosition } from '../serialization/wire-contract.js';
import type { ReplyTarget } from './reply-target.js';

/** What all replies of a handler have in common. */
export interface ReplyDefaults {
  readonly codec: MqttCodec;
  /** Codec of whole packets in Nest's envelope. */
  readonly envelopeCodec: MqttCodec;
  readonly publish: Readonly<PublishDefaults>;
}

/** Turns what a handler answers into messages. `undefined` when there is nothing left to answer: the request has expired. */
export interface ReplyEncoder {
  /** The one and only value. */
  single(value: unknown): OutgoingMessage | undefined;
  /** A value of a stream, at its position. */
  item(value: unknown, position: StreamPosition): OutgoingMessage | undefined;
  /** The end of a stream of `count` values. */
  end(count: number): OutgoingMessage | undefined;
  failure(code: string, error: unknown): OutgoingMessage | undefined;
}

const EMPTY = Buffer.alloc(0);
const NO_OPTIONS: MqttResponseOptions = Object.freeze({});

/** Replies in the plain format: the payload is the value, and what else there is to say stands in properties. */
export class PlainReplyEncoder implements ReplyEncoder {
  constructor(
    private readonly target: ReplyTarget,
    private readonly defaults: ReplyDefaults,
    /** Says where a caller can cancel a stream. */
    private readonly streams?: { readonly announcedTopic: string | undefined },
  ) {}

  single(value: unknown): OutgoingMessage | undefined {
    // no value at all is a stream of none, so that the caller's observable completes without one, as with Nest's transports
    return value === undefined ? this.end(0) : this.encode(value, undefined);
  }

  item(value: unknown, position: StreamPosition): OutgoingMessage | undefined {
    const control = position.index === 0 ? this.streams?.announcedTopic : undefined;
    const marks: UserProperties = { [NestProperty.stream]: formatStreamPosition(position) };
    if (control !== undefined) marks[NestProperty.control] = control;
    return this.encode(value, marks);
  }

  end(count: number): OutgoingMessage | undefined {
    const marks = { [NestProperty.stream]: formatStreamPosition({ index: count, end: 'end' }) };
    return this.message(EMPTY, undefined, NO_OPTIONS, marks);
  }

  failure(code: string, error: unknown): OutgoingMessage | undefined {
    return this.message(errorToJson(error), JSON_CONTENT_TYPE, NO_OPTIONS, { [NestProperty.error]: code });
  }

  private encode(value: unknown, marks: UserProperties | undefined): OutgoingMessage | undefined {
    const options = optionsOf(value);
    const { payload, contentType } = this.defaults.codec.encode(dataOf(value));
    return this.message(payload, options.contentType ?? contentType, options, marks);
  }

  private message(
    payload: Buffer | string,
    contentType: string | undefined,
    options: MqttResponseOptions,
    marks: UserProperties | undefined,
  ): OutgoingMessage | undefined {
    const { target, defaults } = this;
    const properties = replyProperties(target, defaults, options, contentType, marks);
    if (!properties) return undefined;
    const qos = options.qos ?? higherQoS(defaults.publish.qos, target.qos);
    return { topic: target.topic, payload, qos, retain: options.retain ?? false, properties };
  }
}

/**
 * Replies on 3.1.1 to a peer that speaks no envelope. Nothing can be said beside the payload, so that a failure is not told: it
 * could not be told from a value.
 */
export class BareReplyEncoder implements ReplyEncoder {
  constructor(
    private readonly target: ReplyTarget,
    private readonly defaults: ReplyDefaults,
  ) {}

  single(value: unknown): OutgoingMessage {
    const options = optionsOf(value);
    refuseProperties(`the reply to "${this.target.requestTopic}"`, options);
    const { qos, retain = false } = options;
    const { payload } = this.defaults.codec.encode(dataOf(value));
    return {
      topic: this.target.topic,
      payload,
      qos: qos ?? higherQoS(this.defaults.publish.qos, this.target.qos),
      retain,
    };
  }

  item(value: unknown): OutgoingMessage {
    return this.single(value);
  }

  end(): undefined {}

  failure(): undefined {}
}

/** Replies in the wire format of Nest's built-in MQTT transport. On 5.0 its options travel beside it. */
export class NestReplyEncoder implements ReplyEncoder {
  constructor(
    private readonly target: ReplyTarget,
    private readonly defaults: ReplyDefaults,
    private readonly protocolVersion: 4 | 5,
  ) {}

  single(value: unknown): OutgoingMessage | undefined {
    return this.message({ response: dataOf(value), isDisposed: true }, optionsOf(value));
  }

  item(value: unknown, { end }: StreamPosition): OutgoingMessage | undefined {
    if (end === 'last') return this.single(value);
    // said explicitly: Nest 11 would take a packet without response and isDisposed for a foreign one
    return this.message({ response: dataOf(value), isDisposed: false }, optionsOf(value));
  }

  end(): OutgoingMessage | undefined {
    return this.message({ isDisposed: true }, NO_OPTIONS);
  }

  failure(_code: string, error: unknown): OutgoingMessage | undefined {
    return this.message({ err: JSON.parse(errorToJson(error)) as unknown, isDisposed: true }, NO_OPTIONS);
  }

  private message(packet: object, options: MqttResponseOptions): OutgoingMessage | undefined {
    const { target, defaults } = this;
    const { topic, requestTopic, envelopeId: id } = target;
    const { payload, contentType } = defaults.envelopeCodec.encode({ ...packet, id });
    const qos = options.qos ?? higherQoS(defaults.publish.qos, target.qos);
    const message = { topic, payload, qos, retain: options.retain ?? false };
    if (this.protocolVersion === 4) {
      refuseProperties(`the reply to "${requestTopic}"`, options);
      return message;
    }
    // it is the envelope that the Content Type speaks of, whatever the value in it is
    const properties = replyProperties(target, defaults, { ...options, contentType: undefined }, contentType);
    return properties && { ...message, properties };
  }
}

/** Properties of a reply (5.0); undefined when nothing remains of the request's time. */
function replyProperties(
  target: ReplyTarget,
  { publish }: ReplyDefaults,
  options: MqttResponseOptions,
  contentType: string | undefined,
  marks?: UserProperties,
): MessageProperties | undefined {
  const remaining = remainingSeconds(target.expiresAt);
  if (remaining === 0) return undefined;
  const properties: MessageProperties = {};
  const correlationData = options.correlationData ?? target.correlationData;
  if (correlationData !== undefined) properties.correlationData = correlationData;
  return fillProperties(properties, options, {
    contentType,
    messageExpiryInterval: remaining ?? publish.messageExpiryInterval,
    userProperties: mergeUserProperties(publish.userProperties, options.userProperties, marks),
  });
}

function optionsOf(value: unknown): MqttResponseOptions {
  return value instanceof MqttResponse ? value.options : NO_OPTIONS;
}

function dataOf(value: unknown): unknown {
  return value instanceof MqttResponse ? value.data : value;
}

function higherQoS(a: QoS = 0, b: QoS): QoS {
  return a > b ? a : b;
}

/** Seconds until `expiresAt`, rounded up; undefined when it never comes, 0 when it has come. */
function remainingSeconds(expiresAt: number): number | undefined {
  if (expiresAt === Infinity) return undefined;
  return Math.max(0, Math.ceil((expiresAt - Date.now()) / 1_000));
}
