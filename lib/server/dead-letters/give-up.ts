import { describeThrown } from '../../errors/describe-thrown.js';
import type { FailureReason } from '../../errors/failure-reason.js';
import type { MqttDeadLetter } from '../../observing/mqtt-delivery.js';
import { SURVIVING_SESSION } from '../../options/server-options.js';
import { makesDeadLetters } from '../../options/subscription-options.js';
import { ACK, NACK, type Decision } from '../../protocol/delivery.js';
import type { DeadLetter } from '../../protocol/dead-letter.js';
import { utf8Excerpt } from '../../protocol/utf8-string.js';
import { handlerName } from '../../routing/handler-name.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { DeadLetterProperty, deadLetterMessage, replaysOf } from '../../serialization/dead-letter-message.js';
import { inTime } from '../../timing/in-time.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import type { ObservedDelivery } from '../handling/observed-delivery.js';
import type { ServedHandler } from '../handling/served-handler.js';
import { sendFrom } from '../replying/send-from.js';

/** Longest reason that travels with a dead letter. */
const LONGEST_REASON = 1_024;

/** Why a withheld message does not come again, and what to do about it. */
export const SESSION_ENDS = `its session ends with the connection, so the broker does not deliver it again. ${SURVIVING_SESSION}`;

/** A message that its handler gives up. */
export interface GivenUp {
  readonly message: InboundMessage;
  readonly handler: ServedHandler;
  /** What its pattern captured from its topic. */
  readonly params: TopicParams;
  /** How often the handler ran. */
  readonly attempt: number;
  readonly host: InvocationHost;
  readonly delivery: ObservedDelivery | undefined;
}

/** Told once, later, what becomes of the message. */
export type Settled = (decision: Decision, letter: MqttDeadLetter) => void;

/**
 * Makes a dead letter of a message. It is acknowledged when everybody who is to have the letter has taken it: `onDeadLetter`, the store,
 * and the broker, in this order. When one of them fails `onDeadLetterFailure` decides.
 */
export function giveUp(givenUp: GivenUp, reason: FailureReason, settled: Settled): void {
  const letter = letterOf(givenUp, reason);
  if (awaitsDeadLetter(givenUp.handler, givenUp.host)) void passOn(givenUp, letter, settled);
  else publish(givenUp, letter, (error) => settle(givenUp, letter, undefined, error, settled));
}

/** Whether the application is waited for before a dead letter of this handler is published. */
export function awaitsDeadLetter({ options }: ServedHandler, { letters }: InvocationHost): boolean {
  return makesDeadLetters(options) && (options.onDeadLetter !== undefined || letters !== undefined);
}

/** The topic of the dead letter, for the log; as it was written when the captures make no topic of it. Undefined where it has none. */
export function deadLetterTopicOf(
  { deadLetterTopic, options }: ServedHandler,
  params: TopicParams,
): string | undefined {
  try {
    return deadLetterTopic?.(params);
  } catch {
    return options.deadLetter as string;
  }
}

export function letterOf(
  { message, handler, attempt }: Omit<GivenUp, 'params' | 'host' | 'delivery'>,
  reason: FailureReason,
): DeadLetter {
  const { topic, payload, packet } = message;
  return {
    time: Date.now(),
    pattern: handler.pattern,
    group: handler.filter.group,
    handler: handler.declaredAt,
    attempts: attempt,
    reason: utf8Excerpt(reason.message, LONGEST_REASON),
    error: reason.name && utf8Excerpt(reason.name, LONGEST_REASON),
    replays: replaysOf(packet.properties),
    topic,
    payload,
    qos: packet.qos,
    properties: packet.properties && ownProperties(packet.properties),
  };
}

/** Neither an identifier nor an alias of the connection that it came on belongs to the message itself, nor does the count of its replays. */
function ownProperties({
  subscriptionIdentifier: _identifier,
  topicAlias: _alias,
  userProperties,
  ...properties
}: NonNullable<InboundMessage['packet']['properties']>): DeadLetter['properties'] {
  if (userProperties === undefined) return properties;
  const { [DeadLetterProperty.replays]: _replays, ...others } = userProperties;
  return { ...properties, userProperties: others };
}

/** One after another, so that an application that fails leaves nothing behind, and a letter is not published that is not kept. */
async function passOn(givenUp: GivenUp, letter: DeadLetter, settled: Settled): Promise<void> {
  const { handler, host } = givenUp;
  const { onDeadLetter, deadLetterTimeout } = handler.options;
  const { letters } = host;
  const withholds = isWithheld(givenUp);
  let id: string | undefined;
  let failure: Error | undefined;
  const attempt = async (step: (() => Promise<unknown>) | undefined): Promise<void> => {
    if (step === undefined || (failure && withholds)) return;
    try {
      await step();
    } catch (error) {
      if (failure) tell(givenUp, error as Error); // the first one is told with what becomes of the message
      failure ??= error as Error;
    }
  };
  await attempt(onDeadLetter && (() => callHook(onDeadLetter, letter, deadLetterTimeout)));
  await attempt(letters && (async () => void (id = await letters.add(letter, deadLetterTimeout))));
  await attempt(handler.deadLetterTopic && (() => published(givenUp, letter)));
  if (failure && id !== undefined && withholds) {
    await letters!.withdraw(id); // the message comes again, and so does its letter
    id = undefined;
  }
  settle(givenUp, letter, id, failure, settled);
}

async function callHook(hook: (letter: DeadLetter) => unknown, letter: DeadLetter, timeoutMs: number): Promise<void> {
  try {
    await inTime(Promise.resolve(hook(letter)), { what: 'it', timeoutMs });
  } catch (error) {
    throw new Error(`onDeadLetter failed: ${describeThrown(error)}`, { cause: error });
  }
}

function published(givenUp: GivenUp, letter: DeadLetter): Promise<void> {
  return new Promise((resolve, reject) => publish(givenUp, letter, (error) => (error ? reject(error) : resolve())));
}

function publish(givenUp: GivenUp, letter: DeadLetter, settled: (error: Error | undefined) => void): void {
  const { handler, params, host } = givenUp;
  const { deadLetter } = handler.options;
  const told = (error: Error | undefined): void =>
    settled(
      error && new Error(`its dead letter to "${String(deadLetter)}" failed: ${error.message}`, { cause: error }),
    );
  let topic: string;
  try {
    topic = handler.deadLetterTopic!(params);
  } catch (error) {
    process.nextTick(told, error);
    return;
  }
  sendFrom(givenUp, 'dead-letter', deadLetter as string, deadLetterMessage(letter, topic, host.protocolVersion), told);
}

function settle(
  givenUp: GivenUp,
  { reason }: DeadLetter,
  id: string | undefined,
  error: Error | undefined,
  settled: Settled,
): void {
  const { handler, params } = givenUp;
  if (error) tell(givenUp, error);
  const decision = error && handler.options.onDeadLetterFailure === 'withhold' ? NACK : ACK;
  settled(decision, { topic: deadLetterTopicOf(handler, params), id, reason, error });
}

/** At QoS 0 there is nobody to withhold it from: whoever can still have the letter gets it. */
function isWithheld({ message, handler }: GivenUp): boolean {
  return message.qos > 0 && handler.options.onDeadLetterFailure === 'withhold';
}

function tell(givenUp: GivenUp, { message: problem }: Error): void {
  const { message, handler, host } = givenUp;
  const fate = isWithheld(givenUp)
    ? 'withheld'
    : message.qos === 0
      ? 'not delivered again, for it came at QoS 0'
      : 'acknowledged all the same (onDeadLetterFailure)';
  const lost = `. Handler ${handlerName(handler)} has lost it: ${SESSION_ENDS}.`;
  const isLost = fate === 'withheld' && !host.durableSession;
  host.logger.error(
    `The message on "${message.topic}" is ${fate}: ${isLost ? problem.replace(/\.$/, '') + lost : problem}`,
  );
}
