import { AckPolicy } from '../options/ack-policy.js';
import { makesDeadLetters, SUBSCRIPTION_NAMES, type MqttSubscriptionOptions } from '../options/subscription-options.js';
import { foreignWildcardIn } from '../protocol/foreign-wildcard.js';
import type { Extras } from './decorators/handler-extras.js';
import type { Handler } from './handler.js';
import type { OptionLevels } from './option-levels.js';

/** A handler, with the options of each level. */
interface Described {
  readonly handler: Handler;
  readonly levels: OptionLevels;
  readonly extras: Extras;
}

/**
 * Warnings about a pattern that is valid, but hardly meant, and about options of a handler that have no effect. Options of outer levels
 * are not reported, because they apply to other handlers too.
 *
 * @returns one line for each warning
 */
export function handlerWarnings({ handler, levels, extras }: Described): string[] {
  const { pattern, template, options, isEventHandler } = handler;
  const { ackPolicy, qos } = options;
  const policy = `AckPolicy.${ackPolicy}`;
  const warnings: string[] = [];
  const warn = (what: string, remedy: string): void => {
    warnings.push(`Handler "${pattern}" has ${what}. ${remedy}.`);
  };
  const foreign = foreignWildcardIn(template);
  if (foreign !== undefined)
    warn(
      `the level "${foreign}", which is no wildcard in MQTT`,
      'Use + for a level, # for the rest, {name} for a capture',
    );
  const spaced = template.split('/').find((level) => level !== level.trim());
  if (spaced !== undefined)
    warn(
      `a space at the edge of the level "${spaced}", which is part of the topic`,
      'Remove it, unless topics have it',
    );
  const strangers = Object.keys(extras).filter((name) => !SUBSCRIPTION_NAMES.has(name));
  if (strangers.length > 0)
    warn(`unknown extras: ${strangers.join(', ')}`, 'The options of this transport are those of @MqttSubscription');
  const hasPolicy = said(levels, 'ackPolicy') && ackPolicy !== AckPolicy.ACK;
  if (hasPolicy && qos === 0)
    warn(`${policy} at QoS 0, which has no acknowledgement`, 'Set qos: 1 or 2, or remove the policy');
  const hasLetters = makesDeadLetters(options) && together(levels, 'ackPolicy', 'deadLetter');
  if (hasLetters && TAKEN_BY_DEAD_LETTER.has(ackPolicy))
    warn(`${policy} with deadLetter, which applies to failed messages before the policy does`, 'Remove one of the two');
  if (ackPolicy === AckPolicy.ACK_FIRST && hasLetters)
    warn(
      `${policy} with deadLetter: a message that is already acknowledged gets no dead letter`,
      'Remove one of the two',
    );
  if (ackPolicy === AckPolicy.ACK_FIRST && together(levels, 'ackPolicy', 'retry'))
    warn(`${policy} with retry: a message that is already acknowledged is not retried`, 'Remove one of the two');
  if (isEventHandler && levels.own?.responseTopic !== undefined)
    warn('responseTopic, but it is an event handler, which does not reply', 'Use @PublishTo, or @MessagePattern');
  if (isEventHandler && levels.own?.noReply !== undefined)
    warn('noReply, but it is an event handler, which does not reply', 'Remove it');
  return warnings;
}

const TAKEN_BY_DEAD_LETTER = new Set([AckPolicy.REJECT_ON_ERROR, AckPolicy.NACK_ON_ERROR]);

type Name = keyof MqttSubscriptionOptions;

function said({ controller, own }: OptionLevels, name: Name): boolean {
  return controller?.[name] !== undefined || own?.[name] !== undefined;
}

/** Whether both options are set at the same level: across levels, the inner one may override the outer one on purpose. */
function together({ controller, own }: OptionLevels, one: Name, other: Name): boolean {
  return [controller, own].some((level) => level?.[one] !== undefined && level[other] !== undefined);
}
