import type {
  MessageProperties,
  OutgoingMessage,
  PublishPacket,
  UserProperties,
} from '../protocol/application-message.js';
import { readDeadLetterJson, writeDeadLetter } from '../protocol/dead-letter-json.js';
import type { DeadLetter } from '../protocol/dead-letter.js';
import { utf8Excerpt } from '../protocol/utf8-string.js';
import { nestProperty } from './wire-contract.js';

/** Names of what a dead letter tells about the message that it was, as User Properties (5.0). */
export const DeadLetterProperty = {
  reason: 'nest-dead-letter-reason',
  error: 'nest-dead-letter-error',
  topic: 'nest-dead-letter-topic',
  attempts: 'nest-dead-letter-attempts',
  time: 'nest-dead-letter-time',
  pattern: 'nest-dead-letter-pattern',
  group: 'nest-dead-letter-group',
  handler: 'nest-dead-letter-handler',
  replays: 'nest-dead-letter-replays',
} as const;

/** Longest of what the application names: with it a letter must not grow far beyond its message. */
const LONGEST_NAME = 1_024;

/**
 * A dead letter as it is published: on 5.0 the message again, payload and properties unchanged, with User Properties that tell the rest;
 * on 3.1.1, which has none, all of it as JSON.
 */
export function deadLetterMessage(letter: DeadLetter, topic: string, protocolVersion: 4 | 5): OutgoingMessage {
  const { payload, qos, properties } = letter;
  const message = { topic, qos, retain: false };
  if (protocolVersion === 4) return { ...message, payload: writeDeadLetter(letter) };
  const told = Object.entries(toldBy(letter)).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const userProperties: UserProperties = { ...properties?.userProperties };
  for (const [name, value] of told) userProperties[name] = value;
  return { ...message, payload, properties: { ...properties, userProperties } };
}

/** A received PUBLISH packet; one of MQTT.js too. */
export type ReceivedLetter = Pick<PublishPacket, 'qos' | 'properties'> & { readonly payload: Buffer | string };

/**
 * Reads a message of a dead letter topic.
 *
 * @returns undefined when it is no dead letter of this package
 *
 * @example
 * ```ts
 * @EventPattern('failed/#', { qos: 1, codec: binaryCodec })
 * async keep(@Ctx() context: MqttContext): Promise<void> {
 *   const letter = readDeadLetter(context.getPacket());
 *   if (letter) await store.add(letter);
 * }
 * ```
 */
export function readDeadLetter({ payload: given, qos, properties }: ReceivedLetter): DeadLetter | undefined {
  const payload = typeof given === 'string' ? Buffer.from(given) : given;
  const { userProperties: all, subscriptionIdentifier: _identifier, topicAlias: _alias, ...others } = properties ?? {};
  const read = (name: keyof typeof DeadLetterProperty): string | undefined =>
    nestProperty(all, DeadLetterProperty[name]);
  const topic = read('topic');
  if (topic === undefined) return readJson(payload);
  return {
    time: Date.parse(read('time') ?? '') || Date.now(),
    pattern: read('pattern') ?? topic,
    group: read('group'),
    handler: read('handler'),
    attempts: countOf(read('attempts')),
    reason: read('reason') ?? '',
    error: read('error'),
    replays: countOf(read('replays')),
    topic,
    payload,
    qos,
    properties: { ...others, ...(all && { userProperties: withoutTold(all) }) },
  };
}

/** Whether these are the properties of a dead letter of this package (5.0). */
export function isDeadLetter(properties: MessageProperties | undefined): boolean {
  return nestProperty(properties?.userProperties, DeadLetterProperty.topic) !== undefined;
}

/** How often a message has been replayed to its topic before, as its properties say: somebody else may have written them. */
export function replaysOf(properties: MessageProperties | undefined): number {
  return countOf(nestProperty(properties?.userProperties, DeadLetterProperty.replays));
}

/** A letter's message, to be published again to the topic that it came on. On 3.1.1 nothing tells how often. */
export function replayedMessage(letter: DeadLetter, protocolVersion: 4 | 5): OutgoingMessage {
  const { topic, payload, qos, properties } = letter;
  const message = { topic, payload, qos, retain: false };
  if (protocolVersion === 4) return message;
  // its time is over, which does not matter to who replays it
  const { messageExpiryInterval: _expiry, ...others } = properties ?? {};
  const userProperties = { ...properties?.userProperties, [DeadLetterProperty.replays]: String(letter.replays) };
  return { ...message, properties: { ...others, userProperties } };
}

function toldBy(letter: DeadLetter): Record<string, string | undefined> {
  const { time, pattern, group, handler, attempts, reason, error, replays, topic } = letter;
  return {
    [DeadLetterProperty.reason]: reason,
    [DeadLetterProperty.error]: error,
    [DeadLetterProperty.topic]: topic,
    [DeadLetterProperty.attempts]: String(attempts),
    [DeadLetterProperty.time]: new Date(time).toISOString(),
    [DeadLetterProperty.pattern]: utf8Excerpt(pattern, LONGEST_NAME),
    [DeadLetterProperty.group]: group && utf8Excerpt(group, LONGEST_NAME),
    [DeadLetterProperty.handler]: handler && utf8Excerpt(handler, LONGEST_NAME),
    [DeadLetterProperty.replays]: replays > 0 ? String(replays) : undefined,
  };
}

function withoutTold(all: UserProperties): UserProperties {
  const told = new Set<string>(Object.values(DeadLetterProperty));
  return Object.fromEntries(Object.entries(all).filter(([name]) => !told.has(name)));
}

function readJson(payload: Buffer): DeadLetter | undefined {
  try {
    return readDeadLetterJson(payload.toString());
  } catch {
    return undefined;
  }
}

function countOf(text: string | undefined): number {
  const count = Number(text ?? 0);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
