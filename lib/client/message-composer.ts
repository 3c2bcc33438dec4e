import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { PayloadEncodeError } from '../errors/payload-encode.error.js';
import { assertPublishOptions } from '../options/publish-options.js';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { MessageProperties, OutgoingMessage, UserProperties } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { assertTopicName } from '../protocol/topic-name.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import type { MqttRecordOptions } from '../records/mqtt-record.js';
import { fillProperties, mergeUserProperties } from '../records/publish-properties.js';
import { refuseProperties } from '../records/only-on-5.js';

/** Makes messages of values, by the options of the message, the publisher and the client, the nearest one first. */
export class MessageComposer {
  private readonly protocolVersion: 4 | 5;

  constructor(
    private readonly defaults: Pick<ResolvedClientOptions, 'publishOptions' | 'userProperties' | 'connection'>,
    private readonly codec: MqttCodec,
  ) {
    this.protocolVersion = defaults.connection.protocolVersion;
  }

  /**
   * @param own properties that the transport adds: Response Topic, Correlation Data, expiry of a request
   * @throws InvalidTopicError, PayloadEncodeError, FeatureNotSupportedError before anything is sent
   */
  compose(
    topic: string,
    data: unknown,
    options: Readonly<MqttRecordOptions>,
    own?: MessageProperties,
  ): OutgoingMessage {
    this.check(topic, options);
    const { publishOptions } = this.defaults;
    const { payload, contentType } = this.encode(topic, data, options.codec ?? this.codec);
    const qos = options.qos ?? publishOptions.qos ?? 0;
    const retain = options.retain ?? publishOptions.retain ?? false;
    if (this.protocolVersion === 4) return { topic, payload, qos, retain };
    const properties: MessageProperties = own ?? {};
    properties.responseTopic ??= options.responseTopic;
    properties.correlationData ??= options.correlationData;
    fillProperties(properties, options, {
      contentType,
      messageExpiryInterval: properties.messageExpiryInterval ?? publishOptions.messageExpiryInterval,
      userProperties: this.userProperties(options.userProperties),
    });
    return { topic, payload, qos, retain, properties };
  }

  /**
   * Looks at what does not depend on the value, which can be done long before it is sent.
   *
   * @throws InvalidTopicError, InvalidOptionsError, FeatureNotSupportedError
   */
  check(topic: string, options: Readonly<MqttRecordOptions>): void {
    assertTopicName(topic);
    if (Object.keys(options).length === 0) return;
    assertPublishOptions(`message to "${topic}"`, options);
    if (this.protocolVersion === 4) refuseProperties(`the message to "${topic}"`, options);
    else if (options.responseTopic !== undefined) assertTopicName(options.responseTopic);
  }

  private encode(topic: string, data: unknown, codec: MqttCodec): ReturnType<MqttCodec['encode']> {
    try {
      return codec.encode(data);
    } catch (cause) {
      throw new PayloadEncodeError(topic, (cause as Error).message, { cause });
    }
  }

  private userProperties(given: Readonly<UserProperties> | undefined): UserProperties | undefined {
    const merged = mergeUserProperties(
      this.defaults.userProperties,
      this.defaults.publishOptions.userProperties,
      given,
    );
    if (merged) for (const name of Object.keys(merged)) checkUserProperty(name, merged[name]!);
    return merged;
  }
}

function checkUserProperty(name: string, value: string | string[]): void {
  for (const text of Array.isArray(value) ? [name, ...value] : [name, value]) {
    const problem = typeof text === 'string' ? utf8StringProblem(text) : `it holds a ${typeof text}`;
    if (!problem) continue;
    throw new InvalidOptionsError([
      { option: `userProperties["${name}"]`, problem, remedy: 'Give strings, or arrays of strings' },
    ]);
  }
}
