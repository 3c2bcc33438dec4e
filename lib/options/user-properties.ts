import type { UserProperties } from '../protocol/application-message.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import type { OptionChecks } from './option-checks.js';

const RESERVED = 'nest-';
const DEAD_LETTER = 'nest-dead-letter-';

/** Checks the User Properties of a message, and that they do not use names of the wire contract. */
export function checkUserProperties(
  checks: OptionChecks,
  path: string,
  userProperties: Readonly<UserProperties> | undefined,
): void {
  checkUserPropertyTexts(checks, path, userProperties);
  for (const name in userProperties) if (name.startsWith(RESERVED)) refuseReserved(checks, path, name);
}

/** Checks that User Properties can be sent: names and values are UTF-8 Encoded Strings, and an array repeats a name (section 2.2.2.2). */
export function checkUserPropertyTexts(
  checks: OptionChecks,
  path: string,
  userProperties: Readonly<Record<string, unknown>> | undefined,
): void {
  if (!checks.object(path, userProperties)) return;
  for (const name of Object.keys(userProperties)) {
    const value = userProperties[name];
    checkText(checks, path, name, name);
    if (Array.isArray(value)) for (const text of value as readonly unknown[]) checkText(checks, path, name, text);
    else checkText(checks, path, name, value);
  }
}

/** A deep, frozen copy. */
export function copyUserProperties(userProperties: Readonly<UserProperties> | undefined): UserProperties | undefined {
  if (!userProperties) return undefined;
  const entries = Object.entries(userProperties).map(([name, value]) => [
    name,
    Array.isArray(value) ? Object.freeze([...value]) : value,
  ]);
  return Object.freeze(Object.fromEntries(entries) as UserProperties);
}

/** With a name of the wire contract, a receiver would read an ordinary message as an error or as part of a stream. */
function refuseReserved(checks: OptionChecks, path: string, name: string): void {
  if (name.startsWith(DEAD_LETTER)) return;
  checks.report(
    `${path}["${name}"]`,
    `names that begin with "${RESERVED}" are reserved for the wire contract`,
    'Choose another name, and remove these when you forward User Properties',
  );
}

const REMEDY = 'Give strings, or arrays of strings';

function checkText(checks: OptionChecks, path: string, name: string, text: unknown): void {
  const option = `${path}["${name}"]`;
  if (typeof text === 'string') checks.sent(option, text, utf8StringProblem, REMEDY);
  else checks.report(option, `it contains ${text === null ? 'null' : `a value of type ${typeof text}`}`, REMEDY);
}
