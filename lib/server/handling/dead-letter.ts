import type { FailureReason } from '../../errors/failure-reason.js';
import type { OutgoingMessage, UserProperties } from '../../protocol/application-message.js';
import { utf8Excerpt } from '../../protocol/utf8-string.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { sendFrom } from '../replying/send-from.js';
import type { InvocationHost } from './invocation-host.js';
import type { ObservedDelivery } from './observed-delivery.js';
import type { ServedHandler } from './served-handler.js';

/** Maximum length of the reason in a dead letter. */
const MAX_REASON_LENGTH = 1_024;

/** Names of the User Properties of a dead letter (5.0). */
export const DeadLetterProperty = {
  reason: 'nest-dead-letter-reason',
  error: 'nest-dead-letter-error',
  topic: 'nest-dead-letter-topic',
  attempts: 'nest-dead-letter-attempts',
} as const;

/** A message whose handler has failed for good. */
interface GivenUp {
  readonly message: InboundMessage;
  readonly handler: ServedHandler;
  /** Captures of its topic. */
  readonly params: TopicParams;
  /** Number of runs of the handler. */
  readonly attempt: number;
  readonly host: InvocationHost;
  readonly delivery: ObservedDelivery | undefined;
}

/**
 * Publishes the dead letter. The message is acknowledged when the broker has accepted the dead letter, else withheld.
 *
 * @param settled called once, asynchronously, with an error when the broker has not accepted the dead letter
 */
export function publishDeadLetter(
  givenUp: GivenUp,
  reason: FailureReason,
  settled: (error: Error | undefined) => void,
): void {
  const { message, handler, params, attempt, host } = givenUp;
  const told = (error: Error | undefined): void => {
    if (error)
      host.logger.error(
        `The message on "${message.topic}" is withheld: its dead letter to "${handler.options.deadLetter}" failed: ${error.message}`,
      );
    settled(error);
  };
  let topic: string;
  try {
    topic = handler.deadLetterTopic!(params);
  } catch (error) {
    process.nextTick(told, error);
    return;
  }
  const letter = deadLetterOf(message, topic, { reason, attempts: attempt, protocolVersion: host.protocolVersion });
  sendFrom(givenUp, 'dead-letter', handler.options.deadLetter, letter, told);
}

/** The dead letter: the message with unchanged payload and properties. On 3.1.1 it has no reason. */
export function deadLetterOf(
  { topic, payload, packet }: Pick<InboundMessage, 'topic' | 'payload' | 'packet'>,
  deadLetterTopic: string,
  { reason, attempts, protocolVersion }: { reason: FailureReason; attempts: number; protocolVersion: 4 | 5 },
): OutgoingMessage {
  const message = { topic: deadLetterTopic, payload, qos: packet.qos, retain: false };
  if (protocolVersion === 4) return message;
  // Subscription Identifier and Topic Alias belong to the connection, not to the message
  const { subscriptionIdentifier: _identifier, topicAlias: _alias, ...properties } = packet.properties ?? {};
  const userProperties: UserProperties = {
    ...properties.userProperties,
    [DeadLetterProperty.reason]: utf8Excerpt(reason.message, MAX_REASON_LENGTH),
    ...(reason.name !== undefined && { [DeadLetterProperty.error]: utf8Excerpt(reason.name, MAX_REASON_LENGTH) }),
    [DeadLetterProperty.topic]: topic,
    [DeadLetterProperty.attempts]: String(attempts),
  };
  return { ...message, properties: { ...properties, userProperties } };
}
