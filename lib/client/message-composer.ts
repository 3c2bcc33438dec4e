import { describeThrown } from '../errors/describe-thrown.js';
import { PayloadEncodeError } from '../errors/payload-encode.error.js';
import { refuseDiscouraged } from '../options/discouraged-characters.js';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { MessageProperties, OutgoingMessage, UserProperties } from '../protocol/application-message.js';
import type { EncodedPayload, MqttCodec } from '../protocol/codec.js';
import { assertTopicName } from '../protocol/topic-name.js';
import { assertRecordOptions } from '../records/check-record-options.js';
import type { MqttRecordOptions } from '../records/mqtt-record.js';
import { mergeUserProperties } from '../records/publish-properties.js';
import { refuseProperties } from '../records/only-on-5.js';
import { LostInJsonError } from '../serialization/lost-in-json.js';

/** Creates messages from values and options. Options of the message have precedence over those of the publisher and the client. */
export class MessageComposer {
  private readonly protocolVersion: 4 | 5;
  /** User Properties of every message. */
  private readonly userProperties: UserProperties | undefined;

  constructor(
    private readonly defaults: Pick<ResolvedClientOptions, 'publishOptions' | 'userProperties' | 'connection'>,
    private readonly codec: MqttCodec,
  ) {
    this.protocolVersion = defaults.connection.protocolVersion;
    this.userProperties = mergeUserProperties(defaults.userProperties, defaults.publishOptions.userProperties);
  }

  /**
   * @param options validated options, see {@link check}
   * @param own Response Topic and Correlation Data that the transport adds to a request; becomes the properties of the message
   * @param expiry Message Expiry Interval of a request in seconds, unless the message has its own
   * @throws PayloadEncodeError before anything is sent
   */
  compose(
    topic: string,
    data: unknown,
    options: Readonly<MqttRecordOptions>,
    own?: MessageProperties,
    expiry?: number,
  ): OutgoingMessage {
    const { publishOptions } = this.defaults;
    const { payload, contentType } = this.encode(topic, data, options.codec ?? this.codec);
    const qos = options.qos ?? publishOptions.qos ?? 0;
    const retain = options.retain ?? publishOptions.retain ?? false;
    if (this.protocolVersion === 4) return { topic, payload, qos, retain };
    const { responseTopic, correlationData, payloadFormatIndicator, userProperties } = options;
    const properties: MessageProperties = own ?? {};
    if (!own && responseTopic !== undefined) properties.responseTopic = responseTopic;
    if (!own && correlationData !== undefined) properties.correlationData = correlationData;
    const type = options.contentType ?? contentType;
    if (type !== undefined) properties.contentType = type;
    const interval = options.messageExpiryInterval ?? expiry ?? publishOptions.messageExpiryInterval;
    if (interval !== undefined) properties.messageExpiryInterval = interval;
    if (payloadFormatIndicator !== undefined) properties.payloadFormatIndicator = payloadFormatIndicator;
    const merged = userProperties ? mergeUserProperties(this.userProperties, userProperties) : this.userProperties;
    if (merged) properties.userProperties = merged;
    return { topic, payload, qos, retain, properties };
  }

  /**
   * Validates topic and options, before the message has any effect.
   *
   * @throws InvalidTopicError, InvalidOptionsError, FeatureNotSupportedError
   */
  check(topic: string, options: Readonly<MqttRecordOptions>): void {
    this.checkTopic(topic);
    if (Object.keys(options).length === 0) return;
    assertRecordOptions(`message to "${topic}"`, options, this.defaults.connection.discouragedCharacters);
    if (this.protocolVersion === 4) refuseProperties(`the message to "${topic}"`, options);
    else if (options.responseTopic !== undefined) this.checkTopic(options.responseTopic);
  }

  /** @throws InvalidTopicError when `topic` is not a valid Topic Name, or contains discouraged characters that this connection refuses */
  checkTopic(topic: string): void {
    assertTopicName(topic);
    refuseDiscouraged(topic, this.defaults.connection.discouragedCharacters);
  }

  /** The codec may be the application's: it may throw, or return an invalid value. */
  private encode(topic: string, data: unknown, codec: MqttCodec): EncodedPayload {
    let encoded: EncodedPayload;
    try {
      encoded = codec.encode(data);
    } catch (cause) {
      if (cause instanceof LostInJsonError)
        throw new PayloadEncodeError(topic, cause.problem, { remedy: cause.remedy, cause });
      throw new PayloadEncodeError(topic, describeThrown(cause), { cause });
    }
    const { payload, contentType } = Object(encoded) as Record<keyof EncodedPayload, unknown>;
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload))
      throw new PayloadEncodeError(topic, 'encode() of its codec did not return a Buffer or a string as payload', {
        remedy: 'Return { payload } from it',
      });
    if (contentType !== undefined && typeof contentType !== 'string')
      throw new PayloadEncodeError(topic, 'the contentType that encode() of its codec returned is not a string', {
        remedy: 'Return a MIME type, or none',
      });
    return encoded;
  }
}
