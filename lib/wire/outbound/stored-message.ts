import type { MessageProperties, OutgoingMessage } from '../../protocol/application-message.js';
import { topicNameProblem } from '../../protocol/topic-name.js';
import { MAX_IDENTIFIER } from './packet-identifiers.js';

/** A message as a store gives it back. */
export interface StoredMessage {
  readonly identifier: number;
  readonly message: OutgoingMessage;
  /** Whether PUBREC had come. */
  readonly released: boolean;
}

type Fields<T> = { readonly [Name in keyof T]?: unknown };

/** A PUBREL says only that there was a QoS 2 message. */
const RELEASED: OutgoingMessage = { topic: '', payload: '', qos: 2, retain: false };

/** Reads what a store gives, which may be anything. @returns undefined when it is nothing that was put into it */
export function storedMessage(packet: unknown): StoredMessage | undefined {
  const { cmd, messageId, ...fields } = Object(packet) as Record<string, unknown>;
  if (!isIdentifier(messageId)) return undefined;
  if (cmd === 'pubrel') return { identifier: messageId, message: RELEASED, released: true };
  const message = cmd === 'publish' ? messageOf(fields) : undefined;
  return message && { identifier: messageId, message, released: false };
}

function messageOf({ topic, qos, retain, ...fields }: Fields<OutgoingMessage>): OutgoingMessage | undefined {
  const payload = revived(fields.payload);
  if (typeof topic !== 'string' || topicNameProblem(topic) !== undefined || (qos !== 1 && qos !== 2)) return undefined;
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return undefined;
  const message: OutgoingMessage = { topic, payload, qos, retain: retain === true };
  if (fields.properties === undefined) return message;
  const properties = propertiesOf(fields.properties);
  return properties && { ...message, properties };
}

function propertiesOf(properties: unknown): MessageProperties | undefined {
  if (typeof properties !== 'object' || properties === null) return undefined;
  const fields: Fields<MessageProperties> = properties;
  const correlationData = revived(fields.correlationData);
  const fit =
    is(fields.contentType, 'string') &&
    is(fields.responseTopic, 'string') &&
    is(fields.payloadFormatIndicator, 'boolean') &&
    is(fields.messageExpiryInterval, 'number') &&
    (correlationData === undefined || Buffer.isBuffer(correlationData)) &&
    (fields.userProperties === undefined || areUserProperties(fields.userProperties));
  if (!fit) return undefined;
  return correlationData === undefined ? properties : { ...properties, correlationData };
}

function areUserProperties(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value)
    .flat()
    .every((text) => typeof text === 'string');
}

function is(value: unknown, type: string): boolean {
  return value === undefined || typeof value === type;
}

function isIdentifier(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_IDENTIFIER;
}

/** Bytes as they were before a store wrote them down as JSON. */
function revived(value: unknown): unknown {
  const { type, data } = Object(value) as { type?: unknown; data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data as number[]) : value;
}
