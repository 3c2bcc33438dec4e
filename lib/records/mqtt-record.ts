import { MqttRecord as NestMqttRecord } from '@nestjs/microservices';
import type { QoS, UserProperties } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { allNames, namesOf } from '../options/option-names.js';
import { PUBLISH_NAMES, type MqttPublishOptions } from '../options/publish-options.js';

/** How one message is sent. What is not given follows from the client's options. */
export interface MqttRecordOptions extends MqttPublishOptions {
  /** Topic Name that replies to a request go to. Default: the client's inbox. */
  responseTopic?: string;
  /** Correlation Data of a request. Default: 16 random bytes. */
  correlationData?: Buffer;
  /**
   * Whole milliseconds, or `Infinity`. Of a request: how long it may take, from sending to its end; default: the client's
   * `requestTimeout`. Of a publish: how long it may take to be delivered, which is sent at QoS 0 and acknowledged at QoS 1 and 2;
   * then it ends with a `PublishTimeoutError`; default: no bound.
   */
  timeout?: number;
  /** Cancels a request (`RequestCancelledError`), or a publish that has not been delivered (`PublishCancelledError`). */
  signal?: AbortSignal;
  /** How the value is encoded, and the reply to a request decoded. Default: the client's. */
  codec?: MqttCodec;
}

/** Names of the options of a record. */
export const RECORD_NAMES = allNames(
  PUBLISH_NAMES,
  namesOf<Omit<MqttRecordOptions, keyof MqttPublishOptions>>({
    responseTopic: true,
    correlationData: true,
    timeout: true,
    signal: true,
    codec: true,
  }),
);

/** A value together with how it is sent. Immutable, so that it can be sent many times. */
export class MqttRecord<T = unknown> {
  readonly options: Readonly<MqttRecordOptions>;

  constructor(
    readonly data: T,
    options: MqttRecordOptions = {},
  ) {
    const { userProperties } = options;
    this.options = Object.freeze({
      ...options,
      ...(userProperties && { userProperties: Object.freeze({ ...userProperties }) }),
    });
  }
}

/** A value, bare or in a record. */
export type Sendable<T> = T | MqttRecord<T>;

/**
 * Builds a record step by step.
 *
 * @example
 * ```ts
 * const record = new MqttRecordBuilder({ celsius: 21 }).setQoS(1).setRetain(true).setUserProperties({ site: '7' }).build();
 * client.emit('telemetry/7', record);
 * ```
 */
export class MqttRecordBuilder<T = unknown> {
  private readonly options: MqttRecordOptions = {};

  constructor(private data?: T) {}

  /** The value, in place of the one that the builder was made with. */
  setData(data: T): this {
    this.data = data;
    return this;
  }

  /** Default: that of `publishOptions`, else 0. */
  setQoS(qos: QoS): this {
    return this.set('qos', qos);
  }

  /** Whether the broker keeps the message for later subscribers; an empty payload clears what it has kept. */
  setRetain(retain: boolean): this {
    return this.set('retain', retain);
  }

  /** All User Properties (5.0), in place of those set before. An array repeats the name. */
  setUserProperties(userProperties: UserProperties): this {
    return this.set('userProperties', { ...userProperties });
  }

  /** MIME type (5.0), in place of what the codec says. */
  setContentType(contentType: string): this {
    return this.set('contentType', contentType);
  }

  /** Topic Name that replies to a request go to. */
  setResponseTopic(responseTopic: string): this {
    return this.set('responseTopic', responseTopic);
  }

  /** Correlation Data of a request (5.0), in place of 16 random bytes. */
  setCorrelationData(correlationData: Buffer): this {
    return this.set('correlationData', correlationData);
  }

  /** Message Expiry Interval (5.0). @param seconds after which the broker drops the message undelivered */
  setMessageExpiryInterval(seconds: number): this {
    return this.set('messageExpiryInterval', seconds);
  }

  /** Says that the payload is UTF-8 text (5.0). */
  setPayloadFormatIndicator(isText: boolean): this {
    return this.set('payloadFormatIndicator', isText);
  }

  /** Cancels a request, or a publish that has not been delivered. */
  setSignal(signal: AbortSignal): this {
    return this.set('signal', signal);
  }

  /** How the value is encoded, and the reply to a request decoded, in place of the client's codec. */
  setCodec(codec: MqttCodec): this {
    return this.set('codec', codec);
  }

  /** How long a request may take to its end, or a publish to be delivered. @param milliseconds whole ones, or `Infinity` */
  setTimeout(milliseconds: number): this {
    return this.set('timeout', milliseconds);
  }

  /** The record. The builder can go on being used; it does not reach records that it has made. */
  build(): MqttRecord<T> {
    return new MqttRecord(this.data as T, this.options);
  }

  private set<K extends keyof MqttRecordOptions>(name: K, value: MqttRecordOptions[K]): this {
    this.options[name] = value;
    return this;
  }
}

const NO_OPTIONS: Readonly<MqttRecordOptions> = Object.freeze({});

/** Tells a value from how it is sent, whether it comes bare, in our record, or in Nest's own. */
export function unwrapRecord(data: unknown): { data: unknown; options: Readonly<MqttRecordOptions> } {
  if (data instanceof MqttRecord) return data;
  if (data instanceof NestMqttRecord) return { data: data.data, options: fromNestOptions(data.options) };
  return { data, options: NO_OPTIONS };
}

/** Nest's record carries MQTT.js publish options; what is not known of them is refused later. */
function fromNestOptions(options: NonNullable<NestMqttRecord['options']> = {}): MqttRecordOptions {
  const { dup: _dup, properties = {}, ...others } = options;
  const { subscriptionIdentifier: _identifier, topicAlias: _alias, ...known } = properties;
  const given = { ...others, ...known };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
