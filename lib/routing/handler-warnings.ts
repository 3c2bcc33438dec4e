import { AckPolicy } from '../options/ack-policy.js';
import { SUBSCRIPTION_NAMES, type MqttSubscriptionOptions } from '../options/subscription-options.js';
import type { Extras } from './decorators/handler-extras.js';
import type { Handler } from './handler.js';
import type { OptionLevels } from './option-levels.js';

/** A handler, and what was said about it where. */
interface Described {
  readonly handler: Handler;
  readonly levels: OptionLevels;
  readonly extras: Extras;
}

/**
 * What is allowed, and yet does nothing where it stands. An option that comes from further away, and holds for others too, is left
 * alone.
 *
 * @returns a line for each
 */
export function handlerWarnings({ handler, levels, extras }: Described): string[] {
  const { pattern, options, isEventHandler } = handler;
  const { ackPolicy, qos } = options;
  const policy = `AckPolicy.${ackPolicy}`;
  const warnings: string[] = [];
  const warn = (what: string, remedy: string): void => {
    warnings.push(`Handler "${pattern}" has ${what}. ${remedy}.`);
  };
  const strangers = Object.keys(extras).filter((name) => !SUBSCRIPTION_NAMES.has(name));
  if (strangers.length > 0)
    warn(
      `extras that this transport does not know: ${strangers.join(', ')}`,
      'Its options are those of @MqttSubscription',
    );
  const hasPolicy = said(levels, 'ackPolicy') && ackPolicy !== AckPolicy.ACK;
  if (hasPolicy && qos === 0)
    warn(`${policy} at QoS 0, where nothing is acknowledged`, 'Ask for qos: 1 or 2, or leave the policy out');
  if (together(levels, 'ackPolicy', 'deadLetter') && TAKEN_BY_DEAD_LETTER.has(ackPolicy))
    warn(`${policy} beside deadLetter, which takes what fails before the policy is asked`, 'Leave one of the two out');
  if (ackPolicy === AckPolicy.ACK_FIRST && together(levels, 'ackPolicy', 'deadLetter'))
    warn(`${policy} beside deadLetter: what is acknowledged is not given up any more`, 'Leave one of the two out');
  if (ackPolicy === AckPolicy.ACK_FIRST && together(levels, 'ackPolicy', 'retry'))
    warn(`${policy} beside retry: what is acknowledged does not run again`, 'Leave one of the two out');
  if (isEventHandler && levels.own?.responseTopic !== undefined)
    warn('responseTopic, and is an event handler, which does not reply', 'Use @PublishTo, or @MessagePattern');
  if (isEventHandler && levels.own?.noReply !== undefined)
    warn('noReply, and is an event handler, which does not reply', 'Leave it out');
  return warnings;
}

const TAKEN_BY_DEAD_LETTER = new Set([AckPolicy.REJECT_ON_ERROR, AckPolicy.NACK_ON_ERROR]);

type Name = keyof MqttSubscriptionOptions;

function said({ controller, own }: OptionLevels, name: Name): boolean {
  return controller?.[name] !== undefined || own?.[name] !== undefined;
}

/** Whether both were said in one place: what one place says may well be meant to win over what another one does. */
function together({ controller, own }: OptionLevels, one: Name, other: Name): boolean {
  return [controller, own].some((level) => level?.[one] !== undefined && level[other] !== undefined);
}
