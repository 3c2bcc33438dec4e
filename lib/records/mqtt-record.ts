import { MqttRecord as NestMqttRecord, MqttRecordBuilder as NestMqttRecordBuilder } from '@nestjs/microservices';
import { PayloadEncodeError } from '../errors/payload-encode.error.js';
import type { QoS, UserProperties } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { allNames, namesOf } from '../options/option-names.js';
import { PUBLISH_NAMES, type MqttPublishOptions } from '../options/publish-options.js';

/** Options of one message. Defaults are those of the client. */
export interface MqttRecordOptions extends MqttPublishOptions {
  /** Response Topic of a request. Default: the inbox of the client. */
  responseTopic?: string;
  /** Correlation Data of a request. Default: 16 random bytes. */
  correlationData?: Buffer;
  /**
   * Timeout in whole milliseconds, or `Infinity`. For a request: the time until its (last) reply; default: `requestTimeout` of the
   * client. For a publish: the time until the message is delivered, which means sent at QoS 0 and acknowledged at QoS 1 and 2; then it
   * rejects with a `PublishTimeoutError`; default: none.
   */
  timeout?: number;
  /** Cancels a request (`RequestCancelledError`), or a publish that has not been delivered (`PublishCancelledError`). */
  signal?: AbortSignal;
  /** Encodes the value, and decodes the reply to a request. Default: the codec of the client. */
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

/** A value with the options of its message. Immutable, so that it can be sent many times. */
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

/** A value, or a record with a value. */
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

  /** Replaces the value. */
  setData(data: T): this {
    this.data = data;
    return this;
  }

  /** QoS of the message. Default: `publishOptions.qos` of the client, or 0. */
  setQoS(qos: QoS): this {
    return this.set('qos', qos);
  }

  /** Whether the broker keeps the message for later subscribers; an empty payload removes the kept message. */
  setRetain(retain: boolean): this {
    return this.set('retain', retain);
  }

  /** Sets all User Properties (5.0), and replaces those set before. An array repeats the name. */
  setUserProperties(userProperties: UserProperties): this {
    return this.set('userProperties', { ...userProperties });
  }

  /** Content Type (5.0): a MIME type. Default: set by the codec. */
  setContentType(contentType: string): this {
    return this.set('contentType', contentType);
  }

  /** Response Topic of a request. */
  setResponseTopic(responseTopic: string): this {
    return this.set('responseTopic', responseTopic);
  }

  /** Correlation Data of a request (5.0). Default: 16 random bytes. */
  setCorrelationData(correlationData: Buffer): this {
    return this.set('correlationData', correlationData);
  }

  /** Message Expiry Interval (5.0). @param seconds time after which the broker drops the message if it is not delivered */
  setMessageExpiryInterval(seconds: number): this {
    return this.set('messageExpiryInterval', seconds);
  }

  /** Marks the payload as UTF-8 text (5.0). */
  setPayloadFormatIndicator(isText: boolean): this {
    return this.set('payloadFormatIndicator', isText);
  }

  /** Cancels a request, or a publish that has not been delivered. */
  setSignal(signal: AbortSignal): this {
    return this.set('signal', signal);
  }

  /** Encodes the value, and decodes the reply to a request. Default: the codec of the client. */
  setCodec(codec: MqttCodec): this {
    return this.set('codec', codec);
  }

  /** Timeout of a request, or of the delivery of a publish. @param milliseconds a whole number, or `Infinity` */
  setTimeout(milliseconds: number): this {
    return this.set('timeout', milliseconds);
  }

  /** Creates the record. Later calls of the builder do not change it. */
  build(): MqttRecord<T> {
    return new MqttRecord(this.data as T, this.options);
  }

  private set<K extends keyof MqttRecordOptions>(name: K, value: MqttRecordOptions[K]): this {
    this.options[name] = value;
    return this;
  }
}

const NO_OPTIONS: Readonly<MqttRecordOptions> = Object.freeze({});

/**
 * Refuses a builder, ours or Nest's: its receivers would get its members.
 *
 * @throws PayloadEncodeError
 */
export function refuseBuilder(topic: string, data: unknown): void {
  if (!(data instanceof MqttRecordBuilder || data instanceof NestMqttRecordBuilder)) return;
  const remedy = 'Call .build() on it, and send the record that it returns';
  throw new PayloadEncodeError(topic, 'it is a MqttRecordBuilder, not a record', { remedy });
}

/** Separates a value from its options, for a plain value, an {@link MqttRecord}, or Nest's own record. */
export function unwrapRecord(data: unknown): { data: unknown; options: Readonly<MqttRecordOptions> } {
  if (data instanceof MqttRecord) return data;
  if (data instanceof NestMqttRecord) return { data: data.data, options: fromNestOptions(data.options) };
  return { data, options: NO_OPTIONS };
}

/** Nest's record has publish options of MQTT.js; unknown ones are refused later. */
function fromNestOptions(options: NonNullable<NestMqttRecord['options']> = {}): MqttRecordOptions {
  const { dup: _dup, properties = {}, ...others } = options;
  const { subscriptionIdentifier: _identifier, topicAlias: _alias, ...known } = properties;
  const given = { ...others, ...known };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
