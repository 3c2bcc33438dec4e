import type { FailureReason } from '../../errors/failure-reason.js';
import type { OutgoingMessage, UserProperties } from '../../protocol/application-message.js';
import { utf8Excerpt } from '../../protocol/utf8-string.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { sendFrom } from '../replying/send-from.js';
import type { InvocationHost } from './invocation-host.js';
import type { ObservedDelivery } from './observed-delivery.js';
import type { ServedHandler } from './served-handler.js';

/** Longest reason that travels with a dead letter. */
const LONGEST_REASON = 1_024;

/** Names of what a dead letter tells about the message that it was, as User Properties (5.0). */
export const DeadLetterProperty = {
  reason: 'nest-dead-letter-reason',
  error: 'nest-dead-letter-error',
  topic: 'nest-dead-letter-topic',
  attempts: 'nest-dead-letter-attempts',
} as const;

/** A message that its handler gives up. */
interface GivenUp {
  readonly message: InboundMessage;
  readonly handler: ServedHandler;
  /** What its pattern captured from its topic. */
  readonly params: TopicParams;
  /** How often the handler ran. */
  readonly attempt: number;
  readonly host: InvocationHost;
  readonly delivery: ObservedDelivery | undefined;
}

/**
 * Publishes the dead letter. The message is acknowledged when the broker has accepted it, and stays with the broker if not.
 *
 * @param settled called once, later, with an error when the broker has not accepted it
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
        `The message on "${message.topic}" is ${message.qos === 0 ? 'lost' : 'withheld'}: its dead letter to "${handler.options.deadLetter}" failed: ${error.message}`,
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

/** The message again, payload and properties unchanged, for the dead letter topic. On 3.1.1 there is no place for the reason. */
export function deadLetterOf(
  { topic, payload, packet }: Pick<InboundMessage, 'topic' | 'payload' | 'packet'>,
  deadLetterTopic: string,
  { reason, attempts, protocolVersion }: { reason: FailureReason; attempts: number; protocolVersion: 4 | 5 },
): OutgoingMessage {
  const message = { topic: deadLetterTopic, payload, qos: packet.qos, retain: false };
  if (protocolVersion === 4) return message;
  // neither an identifier nor an alias of the connection it came on belongs to the message itself
  const { subscriptionIdentifier: _identifier, topicAlias: _alias, ...properties } = packet.properties ?? {};
  const userProperties: UserProperties = {
    ...properties.userProperties,
    [DeadLetterProperty.reason]: utf8Excerpt(reason.message, LONGEST_REASON),
    ...(reason.name !== undefined && { [DeadLetterProperty.error]: utf8Excerpt(reason.name, LONGEST_REASON) }),
    [DeadLetterProperty.topic]: topic,
    [DeadLetterProperty.attempts]: String(attempts),
  };
  return { ...message, properties: { ...properties, userProperties } };
}
