import type { OutgoingMessage, UserProperties } from '../protocol/application-message.js';
import { utf8Excerpt } from '../protocol/utf8-string.js';
import type { ReceivedMessage } from './received-message.js';

/** Longest reason that travels with a dead letter. */
const LONGEST_REASON = 1_024;

/** Names of what a dead letter tells about the message that it was, as User Properties (5.0). */
export const DeadLetterProperty = {
  reason: 'nest-dead-letter-reason',
  topic: 'nest-dead-letter-topic',
  attempts: 'nest-dead-letter-attempts',
} as const;

/** The message again, payload and properties unchanged, for the dead letter topic. On 3.1.1 there is no place for the reason. */
export function deadLetterOf(
  { topic, payload, packet }: ReceivedMessage,
  deadLetterTopic: string,
  { reason, attempts, protocolVersion }: { reason: string; attempts: number; protocolVersion: 4 | 5 },
): OutgoingMessage {
  const message = { topic: deadLetterTopic, payload, qos: packet.qos, retain: false };
  if (protocolVersion === 4) return message;
  // neither an identifier nor an alias of the connection it came on belongs to the message itself
  const { subscriptionIdentifier: _identifier, topicAlias: _alias, ...properties } = packet.properties ?? {};
  const userProperties: UserProperties = {
    ...properties.userProperties,
    [DeadLetterProperty.reason]: utf8Excerpt(reason, LONGEST_REASON),
    [DeadLetterProperty.topic]: topic,
    [DeadLetterProperty.attempts]: String(attempts),
  };
  return { ...message, properties: { ...properties, userProperties } };
}
