import { hex, malformed, protocolError } from './protocol-violation.js';
import { checkUtf8String, endOfString } from './utf8-string.js';
import { variableByteInteger, variableByteIntegerWidth } from './variable-byte-integer.js';

/** Which properties a packet from the broker can have (section 2.2.2.2). */
export interface PropertyRules {
  readonly packet: string;
  readonly allowed: readonly number[];
  /** The property that it must have. */
  readonly required?: number;
}

/** Checks a value at `at`, and gives the offset behind it. */
type Check = (bytes: Buffer, at: number, end: number, what: string) => number;

const fixed =
  (width: number, accepts: (value: number) => boolean = () => true): Check =>
  (bytes, at, end, what) => {
    if (at + width > end) throw malformed(`The ${what} is cut short (section 2.2.2.2)`);
    const value = bytes.readUIntBE(at, width);
    if (!accepts(value)) throw protocolError(`The ${what} is ${value}, which it cannot be (section 3.2.2.3)`);
    return at + width;
  };
const flag = fixed(1, (value) => value <= 1);
const notZero = (value: number): boolean => value > 0;

const binary: Check = endOfString;
const text: Check = (bytes, at, end, what) => {
  const to = endOfString(bytes, at, end, what);
  checkUtf8String(bytes, at + 2, to, what);
  return to;
};
const pair: Check = (bytes, at, end, what) => text(bytes, text(bytes, at, end, what), end, what);

/** Property identifiers (section 2.2.2.2). */
export const AUTHENTICATION_METHOD = 0x15;
export const AUTHENTICATION_DATA = 0x16;
export const SERVER_REFERENCE = 0x1c;
const REASON_STRING = 0x1f;
const USER_PROPERTY = 0x26;

/** What every packet with a reason code can have. */
export const REASON_PROPERTIES: readonly number[] = [REASON_STRING, USER_PROPERTY];

/** Every property that the broker can send in a packet other than PUBLISH. */
const PROPERTIES: ReadonlyMap<number, readonly [name: string, Check]> = new Map([
  [0x11, ['Session Expiry Interval', fixed(4)]],
  [0x12, ['Assigned Client Identifier', text]],
  [0x13, ['Server Keep Alive', fixed(2)]],
  [AUTHENTICATION_METHOD, ['Authentication Method', text]],
  [AUTHENTICATION_DATA, ['Authentication Data', binary]],
  [0x1a, ['Response Information', text]],
  [SERVER_REFERENCE, ['Server Reference', text]],
  [REASON_STRING, ['Reason String', text]],
  [0x21, ['Receive Maximum', fixed(2, notZero)]],
  [0x22, ['Topic Alias Maximum', fixed(2)]],
  [0x24, ['Maximum QoS', flag]],
  [0x25, ['Retain Available', flag]],
  [USER_PROPERTY, ['User Property', pair]],
  [0x27, ['Maximum Packet Size', fixed(4, notZero)]],
  [0x28, ['Wildcard Subscription Available', flag]],
  [0x29, ['Subscription Identifiers Available', flag]],
  [0x2a, ['Shared Subscription Available', flag]],
]);

/**
 * Checks the property section whose length stands at `at`.
 *
 * @param end where the packet ends
 * @returns offset behind the section
 * @throws ProtocolViolation
 */
export function checkProperties(bytes: Buffer, at: number, end: number, rules: PropertyRules): number {
  const { packet, allowed, required } = rules;
  const width = variableByteIntegerWidth(bytes, at, end, `length of the properties of the ${packet}`);
  const start = at + width;
  const to = width === 0 ? Infinity : start + variableByteInteger(bytes, at);
  if (to > end) throw malformed(`The properties of the ${packet} are longer than the packet (section 2.2.2.1)`);
  const seen = new Set<number>();
  let next = start;
  while (next < to) {
    const identifier = bytes[next]!;
    const property = allowed.includes(identifier) ? PROPERTIES.get(identifier) : undefined;
    if (!property) {
      throw malformed(`The ${packet} has the property ${hex(identifier)}, which it cannot have (section 2.2.2.2)`);
    }
    const [name, check] = property;
    if (seen.has(identifier) && identifier !== USER_PROPERTY) {
      throw protocolError(`The ${packet} has more than one ${name} (section 2.2.2.2)`);
    }
    seen.add(identifier);
    next = check(bytes, next + 1, to, `${name} of the ${packet}`);
  }
  if (required !== undefined && !seen.has(required)) {
    throw protocolError(`The ${packet} has no ${PROPERTIES.get(required)![0]} (section 2.2.2.2)`);
  }
  return to;
}
