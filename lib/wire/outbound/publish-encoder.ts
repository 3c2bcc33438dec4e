import type { MessageProperties, OutgoingMessage, UserProperties } from '../../protocol/application-message.js';
import {
  CONTENT_TYPE,
  CORRELATION_DATA,
  MESSAGE_EXPIRY_INTERVAL,
  PAYLOAD_FORMAT_INDICATOR,
  RESPONSE_TOPIC,
  TOPIC_ALIAS,
  USER_PROPERTY,
} from '../../protocol/property-identifier.js';
import { sizeOfVariableByteInteger, writeVariableByteInteger } from '../variable-byte-integer.js';
import type { TopicAlias } from './outbound-topic-aliases.js';

/** Control packet type PUBLISH with QoS 0 and no flags (section 3.3.1). */
const PUBLISH = 0x30;
const RETAIN = 0x01;
const QOS_SHIFT = 1;
const DUP = 0x08;
/** Size of the Packet Identifier, at QoS 1 and 2. */
const IDENTIFIER_BYTES = 2;
const ALIAS_BYTES = 3;
/** Maximum value of a Variable Byte Integer (section 1.5.5). */
const MAX_REMAINING_LENGTH = 268_435_455;

/** Sizes that must be known before the first byte is written. */
export interface PublishSize {
  /** Size of the packet in bytes. */
  readonly total: number;
  readonly remaining: number;
  /** Size of the properties without their length field; -1 on 3.1.1, which has none. */
  readonly properties: number;
  /** Size of the Topic Name; 0 if a Topic Alias replaces it. */
  readonly topic: number;
  readonly payload: number;
  /** Topic Alias; 0 for none. */
  readonly alias: number;
}

/** @throws RangeError when the message is too large for a packet */
export function sizeOfPublish(
  { topic, payload, qos, properties }: OutgoingMessage,
  protocolVersion: 4 | 5,
  topicAlias?: TopicAlias,
): PublishSize {
  const identifierBytes = qos === 0 ? 0 : IDENTIFIER_BYTES;
  const topicBytes = topicAlias?.known ? 0 : Buffer.byteLength(topic);
  const payloadBytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const aliasBytes = topicAlias ? ALIAS_BYTES : 0;
  const propertyBytes = protocolVersion === 5 ? aliasBytes + sizeOfProperties(properties) : -1;
  const inHeader = propertyBytes < 0 ? 0 : sizeOfVariableByteInteger(propertyBytes) + propertyBytes;
  const remaining = 2 + topicBytes + identifierBytes + inHeader + payloadBytes;
  if (remaining > MAX_REMAINING_LENGTH) throw new RangeError(`a packet has at most ${MAX_REMAINING_LENGTH} bytes`);
  const total = 1 + sizeOfVariableByteInteger(remaining) + remaining;
  const alias = topicAlias?.alias ?? 0;
  return { total, remaining, properties: propertyBytes, topic: topicBytes, payload: payloadBytes, alias };
}

/**
 * Writes a PUBLISH of this size into `target`, beginning at `start`.
 *
 * @param messageId Packet Identifier, at QoS 1 and 2
 * @param dup whether the receiver may have received it before
 */
export function writePublish(
  target: Buffer,
  start: number,
  message: OutgoingMessage,
  size: PublishSize,
  messageId = 0,
  dup = false,
): void {
  const { topic, payload, qos, retain, properties } = message;
  let at = start;
  target[at++] = PUBLISH | (qos << QOS_SHIFT) | (retain ? RETAIN : 0) | (dup ? DUP : 0);
  at = writeVariableByteInteger(target, at, size.remaining);
  at = writeText(target, at, size.topic === 0 ? '' : topic, size.topic);
  if (qos > 0) at = target.writeUInt16BE(messageId, at);
  if (size.properties >= 0) {
    at = writeVariableByteInteger(target, at, size.properties);
    if (size.alias > 0) {
      target[at++] = TOPIC_ALIAS;
      at = target.writeUInt16BE(size.alias, at);
    }
    if (properties) at = writeProperties(target, at, properties);
  }
  if (typeof payload === 'string') target.write(payload, at, size.payload);
  else target.set(payload, at);
}

function sizeOfProperties(properties: MessageProperties | undefined): number {
  if (!properties) return 0;
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData, userProperties } =
    properties;
  let size = 0;
  if (payloadFormatIndicator !== undefined) size += 2;
  if (messageExpiryInterval !== undefined) size += 5;
  if (contentType !== undefined) size += 3 + Buffer.byteLength(contentType);
  if (responseTopic !== undefined) size += 3 + Buffer.byteLength(responseTopic);
  if (correlationData !== undefined) size += 3 + correlationData.length;
  if (userProperties) size += sizeOfUserProperties(userProperties);
  return size;
}

function sizeOfUserProperties(userProperties: UserProperties): number {
  let size = 0;
  for (const name of Object.keys(userProperties)) {
    const nameBytes = Buffer.byteLength(name);
    const value = userProperties[name]!;
    if (typeof value === 'string') size += 5 + nameBytes + Buffer.byteLength(value);
    else for (const one of value) size += 5 + nameBytes + Buffer.byteLength(one);
  }
  return size;
}

function writeProperties(target: Buffer, start: number, properties: MessageProperties): number {
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData, userProperties } =
    properties;
  let at = start;
  if (payloadFormatIndicator !== undefined) {
    target[at++] = PAYLOAD_FORMAT_INDICATOR;
    target[at++] = payloadFormatIndicator ? 1 : 0;
  }
  if (messageExpiryInterval !== undefined) {
    target[at++] = MESSAGE_EXPIRY_INTERVAL;
    at = target.writeUInt32BE(messageExpiryInterval, at);
  }
  if (contentType !== undefined) {
    target[at++] = CONTENT_TYPE;
    at = writeText(target, at, contentType, Buffer.byteLength(contentType));
  }
  if (responseTopic !== undefined) {
    target[at++] = RESPONSE_TOPIC;
    at = writeText(target, at, responseTopic, Buffer.byteLength(responseTopic));
  }
  if (correlationData !== undefined) {
    target[at++] = CORRELATION_DATA;
    at = target.writeUInt16BE(correlationData.length, at);
    target.set(correlationData, at);
    at += correlationData.length;
  }
  return userProperties ? writeUserProperties(target, at, userProperties) : at;
}

function writeUserProperties(target: Buffer, start: number, userProperties: UserProperties): number {
  let at = start;
  for (const name of Object.keys(userProperties)) {
    const value = userProperties[name]!;
    for (const one of typeof value === 'string' ? [value] : value) {
      target[at++] = USER_PROPERTY;
      at = writeText(target, at, name, Buffer.byteLength(name));
      at = writeText(target, at, one, Buffer.byteLength(one));
    }
  }
  return at;
}

function writeText(target: Buffer, start: number, text: string, bytes: number): number {
  const at = target.writeUInt16BE(bytes, start);
  target.write(text, at, bytes);
  return at + bytes;
}
