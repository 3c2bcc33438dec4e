import { FeatureNotSupportedError } from '../errors/feature-not-supported.error.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { PayloadEncodeError } from '../errors/payload-encode.error.js';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { MessageProperties, OutgoingMessage, UserProperties } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { assertTopicName } from '../protocol/topic-name.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import type { MqttRecordOptions } from '../records/mqtt-record.js';

/** Options that only 5.0 has, with what to do without them. */
const ONLY_ON_5: readonly (keyof MqttRecordOptions)[] = [
  'userProperties',
  'contentType',
  'responseTopic',
  'correlationData',
  'messageExpiryInterval',
  'payloadFormatIndicator',
];

const NO_USER_PROPERTIES: UserProperties = Object.freeze({});

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
    assertTopicName(topic);
    const { publishOptions } = this.defaults;
    const { payload, contentType } = this.encode(topic, data, options.codec ?? this.codec);
    const qos = options.qos ?? publishOptions.qos ?? 0;
    const retain = options.retain ?? publishOptions.retain ?? false;
    if (this.protocolVersion === 4) {
      refuseProperties(topic, options);
      return { topic, payload, qos, retain };
    }
    const properties: MessageProperties = own ?? {};
    const type = options.contentType ?? contentType;
    if (type !== undefined) properties.contentType = type;
    const expiry =
      options.messageExpiryInterval ?? properties.messageExpiryInterval ?? publishOptions.messageExpiryInterval;
    if (expiry !== undefined) properties.messageExpiryInterval = expiry;
    if (options.payloadFormatIndicator !== undefined)
      properties.payloadFormatIndicator = options.payloadFormatIndicator;
    properties.responseTopic ??= options.responseTopic;
    properties.correlationData ??= options.correlationData;
    const userProperties = this.userProperties(options.userProperties);
    if (userProperties) properties.userProperties = userProperties;
    return { topic, payload, qos, retain, properties };
  }

  private encode(topic: string, data: unknown, codec: MqttCodec): ReturnType<MqttCodec['encode']> {
    try {
      return codec.encode(data);
    } catch (cause) {
      throw new PayloadEncodeError(topic, (cause as Error).message, { cause });
    }
  }

  /** An empty set is not sent. What the caller gave is not touched. */
  private userProperties(given: UserProperties = NO_USER_PROPERTIES): UserProperties | undefined {
    const { userProperties: always, publishOptions } = this.defaults;
    if (!always && !publishOptions.userProperties && given === NO_USER_PROPERTIES) return undefined;
    const all = { ...always, ...publishOptions.userProperties, ...given };
    const names = Object.keys(all);
    if (names.length === 0) return undefined;
    for (const name of names) checkUserProperty(name, all[name]!);
    return all;
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

function refuseProperties(topic: string, options: Readonly<MqttRecordOptions>): void {
  const option = ONLY_ON_5.find((name) => options[name] !== undefined);
  if (option === undefined) return;
  throw new FeatureNotSupportedError(
    `${option} of the message to "${topic}"`,
    'MQTT 3.1.1 does not have it',
    'Leave it out, or use protocolVersion 5',
  );
}
