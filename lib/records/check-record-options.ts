import type { DiscouragedCharacters } from '../options/discouraged-characters.js';
import { OptionChecks } from '../options/option-checks.js';
import { checkPublish } from '../options/publish-options.js';
import { RECORD_NAMES, type MqttRecordOptions } from './mqtt-record.js';

/**
 * Checks the options of one message. An invalid packet would make the broker close the connection, each time the message is sent.
 *
 * @param what description of the message for the error
 * @param discouraged the option `discouragedCharacters` of the connection
 * @throws InvalidOptionsError that lists every problem
 */
export function assertRecordOptions(
  what: string,
  options: Readonly<MqttRecordOptions>,
  discouraged: DiscouragedCharacters,
): void {
  const checks = new OptionChecks(discouraged);
  checkPublish(checks, what, options, 5, RECORD_NAMES);
  checks.duration(`${what}.timeout`, options.timeout, { min: 1, infinite: true });
  checks.abortSignal(`${what}.signal`, options.signal);
  checks.methods(`${what}.codec`, options.codec, ['encode', 'decode']);
  checks.done();
}

/**
 * The options of one message, from its defaults and what a call gives.
 *
 * @throws InvalidOptionsError when the call gives something else than an object, whose members would be taken for options
 */
export function withOverrides(
  topic: string,
  defaults: Readonly<MqttRecordOptions>,
  overrides: Readonly<MqttRecordOptions> | undefined,
): Readonly<MqttRecordOptions> {
  if (overrides === undefined || overrides === null) return defaults;
  // a mistake; without this condition each message would make an object to check with
  if (typeof overrides !== 'object' || Array.isArray(overrides)) {
    const checks = new OptionChecks();
    checks.object(`options of the message to "${topic}"`, overrides);
    checks.done();
  }
  return { ...defaults, ...overrides };
}
