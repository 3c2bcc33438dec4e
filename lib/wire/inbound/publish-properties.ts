import type { MessageProperties, UserProperties } from '../../protocol/application-message.js';
import {
  CONTENT_TYPE,
  CORRELATION_DATA,
  MESSAGE_EXPIRY_INTERVAL,
  PAYLOAD_FORMAT_INDICATOR,
  RESPONSE_TOPIC,
  SUBSCRIPTION_IDENTIFIER,
  TOPIC_ALIAS,
  USER_PROPERTY,
} from '../../protocol/property-identifier.js';
import { hex, malformed, protocolError } from './protocol-violation.js';
import { TextMemory } from './text-memory.js';
import { endOfString, readUtf8String } from './utf8-string.js';
import { variableByteInteger, variableByteIntegerWidth } from '../variable-byte-integer.js';

/** Caches of strings that many messages have in common. Strings with few and with many values have separate caches. */
export class PropertyMemory {
  /** Content Types, and names of User Properties. */
  readonly texts = new TextMemory(64);
  readonly responseTopics = new TextMemory(256);
}

/**
 * Decodes the properties of a PUBLISH between `start` and `end` (section 3.3.2.3).
 *
 * @throws ProtocolViolation
 */
export function readPublishProperties(
  bytes: Buffer,
  start: number,
  end: number,
  { texts, responseTopics }: PropertyMemory,
): MessageProperties {
  const properties: MessageProperties = {};
  let at = start;
  while (at < end) {
    const identifier = bytes[at++]!;
    const from = at;
    switch (identifier) {
      case CONTENT_TYPE:
        once(properties.contentType, 'Content Type');
        at = endOfString(bytes, from, end, 'Content Type of a PUBLISH');
        properties.contentType = readText(bytes, from + 2, at, 'Content Type of a PUBLISH', texts);
        break;
      case USER_PROPERTY: {
        const value = endOfString(bytes, from, end, 'name of a User Property of a PUBLISH');
        at = endOfString(bytes, value, end, 'value of a User Property of a PUBLISH');
        properties.userProperties ??= Object.create(null) as UserProperties;
        addUserProperty(
          properties.userProperties,
          readText(bytes, from + 2, value, 'name of a User Property of a PUBLISH', texts),
          readUtf8String(bytes, value + 2, at, 'value of a User Property of a PUBLISH'),
        );
        break;
      }
      case RESPONSE_TOPIC:
        once(properties.responseTopic, 'Response Topic');
        at = endOfString(bytes, from, end, 'Response Topic of a PUBLISH');
        properties.responseTopic = readText(bytes, from + 2, at, 'Response Topic of a PUBLISH', responseTopics);
        break;
      case CORRELATION_DATA:
        once(properties.correlationData, 'Correlation Data');
        at = endOfString(bytes, from, end, 'Correlation Data of a PUBLISH');
        properties.correlationData = Buffer.from(bytes.subarray(from + 2, at));
        break;
      case SUBSCRIPTION_IDENTIFIER: {
        const width = variableByteIntegerWidth(bytes, from, end, 'Subscription Identifier of a PUBLISH');
        at = endOfNumber(from, width || Infinity, end, 'Subscription Identifier');
        addSubscriptionIdentifier(properties, variableByteInteger(bytes, from));
        break;
      }
      case PAYLOAD_FORMAT_INDICATOR:
        once(properties.payloadFormatIndicator, 'Payload Format Indicator');
        at = endOfNumber(from, 1, end, 'Payload Format Indicator');
        properties.payloadFormatIndicator = formatIndicator(bytes[from]!);
        break;
      case MESSAGE_EXPIRY_INTERVAL:
        once(properties.messageExpiryInterval, 'Message Expiry Interval');
        at = endOfNumber(from, 4, end, 'Message Expiry Interval');
        properties.messageExpiryInterval = bytes.readUInt32BE(from);
        break;
      case TOPIC_ALIAS:
        once(properties.topicAlias, 'Topic Alias');
        at = endOfNumber(from, 2, end, 'Topic Alias');
        properties.topicAlias = bytes.readUInt16BE(from);
        break;
      default:
        throw malformed(`A PUBLISH has the property ${hex(identifier)}, which is not allowed there (section 3.3.2.3)`);
    }
  }
  return properties;
}

function once(before: unknown, name: string): void {
  if (before !== undefined) throw protocolError(`A PUBLISH has more than one ${name} (section 3.3.2.3)`);
}

function endOfNumber(at: number, width: number, end: number, name: string): number {
  if (at + width > end) throw malformed(`The ${name} of a PUBLISH is cut short (section 3.3.2.3)`);
  return at + width;
}

/** A string that is likely to be repeated in other messages. */
function readText(bytes: Buffer, start: number, end: number, what: string, memory: TextMemory): string {
  const known = memory.recall(bytes, start, end);
  if (known !== undefined) return known;
  const text = readUtf8String(bytes, start, end, what);
  memory.remember(bytes, start, end, text);
  return text;
}

function formatIndicator(byte: number): boolean {
  if (byte > 1) throw protocolError(`A PUBLISH has the Payload Format Indicator ${byte} (section 3.3.2.3.2)`);
  return byte === 1;
}

/** [MQTT-3.3.2-18]: values keep their order. */
function addUserProperty(userProperties: UserProperties, name: string, value: string): void {
  const before = userProperties[name];
  if (before === undefined) userProperties[name] = value;
  else if (typeof before === 'string') userProperties[name] = [before, value];
  else before.push(value);
}

function addSubscriptionIdentifier(properties: MessageProperties, identifier: number): void {
  if (identifier === 0) throw protocolError('A PUBLISH has the Subscription Identifier 0 (section 3.3.2.3.8)');
  const before = properties.subscriptionIdentifier;
  if (before === undefined) properties.subscriptionIdentifier = identifier;
  else if (typeof before === 'number') properties.subscriptionIdentifier = [before, identifier];
  else before.push(identifier);
}
