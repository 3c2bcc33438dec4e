import type { PublishDefaults } from '../../options/publish-options.js';
import type { MessageProperties, OutgoingMessage, QoS, UserProperties } from '../../protocol/application-message.js';
import { MqttResponse, type MqttResponseOptions } from '../../records/mqtt-response.js';
import { refuseProperties } from '../../records/only-on-5.js';
import { fillProperties, mergeUserProperties } from '../../records/publish-properties.js';
import type { ReplyTarget } from './reply-format.js';

/** The options of a reply that is not an {@link MqttResponse}. */
export const NO_OPTIONS: MqttResponseOptions = Object.freeze({});

export function optionsOf(value: unknown): MqttResponseOptions {
  return value instanceof MqttResponse ? value.options : NO_OPTIONS;
}

export function dataOf(value: unknown): unknown {
  return value instanceof MqttResponse ? value.data : value;
}

/**
 * A reply on 5.0. QoS, retain, expiry and properties are derived from the request, unless the response sets them.
 *
 * @param marks User Properties of the wire contract
 * @returns undefined when the request has expired
 */
export function replyMessage(
  target: ReplyTarget,
  publish: Readonly<PublishDefaults>,
  payload: Buffer | string,
  contentType: string | undefined,
  options: MqttResponseOptions,
  marks?: UserProperties,
): OutgoingMessage | undefined {
  const { packet, expiresAt } = target.message;
  const remaining = remainingSeconds(expiresAt);
  if (remaining === 0) return undefined;
  const properties: MessageProperties = {};
  const correlationData = options.correlationData ?? packet.properties?.correlationData;
  if (correlationData !== undefined) properties.correlationData = correlationData;
  fillProperties(properties, options, {
    contentType,
    messageExpiryInterval: remaining ?? publish.messageExpiryInterval,
    userProperties: userPropertiesOf(publish, options, marks),
  });
  return {
    topic: target.replyTopic!,
    payload,
    qos: replyQoS(packet.qos, publish, options),
    retain: options.retain ?? false,
    properties,
  };
}

/** A reply on 3.1.1. @throws FeatureNotSupportedError when the response has options that 3.1.1 does not have */
export function replyMessageWithoutProperties(
  { message, replyTopic }: ReplyTarget,
  publish: Readonly<PublishDefaults>,
  payload: Buffer | string,
  options: MqttResponseOptions,
): OutgoingMessage {
  if (options !== NO_OPTIONS) refuseProperties(`the reply to "${message.topic}"`, options);
  const qos = replyQoS(message.packet.qos, publish, options);
  return { topic: replyTopic!, payload, qos, retain: options.retain ?? false };
}

/** The QoS of the response; default: the higher of the server's and the request's. */
function replyQoS(requestQoS: QoS, { qos = 0 }: Readonly<PublishDefaults>, options: MqttResponseOptions): QoS {
  return options.qos ?? (qos > requestQoS ? qos : requestQoS);
}

/** Undefined for most replies. */
function userPropertiesOf(
  publish: Readonly<PublishDefaults>,
  options: MqttResponseOptions,
  marks: UserProperties | undefined,
): UserProperties | undefined {
  if (publish.userProperties === undefined && options.userProperties === undefined) return marks;
  return mergeUserProperties(publish.userProperties, options.userProperties, marks);
}

/** Seconds until `expiresAt`, rounded up; undefined if it is infinite, 0 if it has passed. */
function remainingSeconds(expiresAt: number): number | undefined {
  if (expiresAt === Infinity) return undefined;
  return Math.max(0, Math.ceil((expiresAt - Date.now()) / 1_000));
}
