import { OptionChecks } from '../../options/option-checks.js';
import { namesOf } from '../../options/option-names.js';
import { NO_LOCAL_IN_GROUP } from '../../options/subscription-options.js';
import { shareNameProblem } from '../../protocol/topic-filter.js';
import type { MessagesOptions } from './mqtt-message.js';

const NAMES = namesOf<MessagesOptions>({
  qos: true,
  shared: true,
  nl: true,
  rap: true,
  rh: true,
  bufferSize: true,
  manualAck: true,
  codec: true,
});

/**
 * Checks the options of an ad-hoc subscription. An invalid packet would make the broker close the connection.
 *
 * @throws InvalidOptionsError that lists every problem
 */
export function assertMessagesOptions(what: string, options: MessagesOptions): void {
  const checks = new OptionChecks();
  if (checks.object(what, options)) {
    checks.known(what, options, NAMES);
    checks.oneOf(`${what}.qos`, options.qos, [0, 1, 2]);
    if (options.shared !== undefined)
      checks.wellFormed(`${what}.shared`, options.shared, shareNameProblem, 'Give a group name');
    checks.boolean(`${what}.nl`, options.nl);
    checks.boolean(`${what}.rap`, options.rap);
    checks.oneOf(`${what}.rh`, options.rh, [0, 1, 2]);
    checks.integer(`${what}.bufferSize`, options.bufferSize, { min: 1, infinite: true });
    checks.boolean(`${what}.manualAck`, options.manualAck);
    checks.methods(`${what}.codec`, options.codec, ['encode', 'decode']);
    if (options.nl && options.shared !== undefined) checks.report(`${what}.nl`, ...NO_LOCAL_IN_GROUP);
  }
  checks.done();
}
