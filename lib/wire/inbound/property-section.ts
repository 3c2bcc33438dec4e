import * as property from '../../protocol/property-identifier.js';
import { hex, malformed, protocolError } from './protocol-violation.js';
import { checkUtf8String, endOfString } from './utf8-string.js';
import { variableByteInteger, variableByteIntegerWidth } from '../variable-byte-integer.js';

/** The properties that a packet from the broker may have (section 2.2.2.2). */
export interface PropertyRules {
  readonly packet: string;
  readonly allowed: readonly number[];
  /** A required property. */
  readonly required?: number;
}

/** Checks the value at `at`, and returns the offset after it. */
type Check = (bytes: Buffer, at: number, end: number, what: string) => number;

const fixed =
  (width: number, accepts: (value: number) => boolean = () => true): Check =>
  (bytes, at, end, what) => {
    if (at + width > end) throw malformed(`The ${what} is cut short (section 2.2.2.2)`);
    const value = bytes.readUIntBE(at, width);
    if (!accepts(value)) throw protocolError(`The ${what} is ${value}, which is not allowed (section 3.2.2.3)`);
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

/** Properties of every packet with a reason code. */
export const REASON_PROPERTIES: readonly number[] = [property.REASON_STRING, property.USER_PROPERTY];

/** All properties of a broker's packets other than PUBLISH. */
const PROPERTIES: ReadonlyMap<number, readonly [name: string, Check]> = new Map([
  [property.SESSION_EXPIRY_INTERVAL, ['Session Expiry Interval', fixed(4)]],
  [property.ASSIGNED_CLIENT_IDENTIFIER, ['Assigned Client Identifier', text]],
  [property.SERVER_KEEP_ALIVE, ['Server Keep Alive', fixed(2)]],
  [property.AUTHENTICATION_METHOD, ['Authentication Method', text]],
  [property.AUTHENTICATION_DATA, ['Authentication Data', binary]],
  [property.RESPONSE_INFORMATION, ['Response Information', text]],
  [property.SERVER_REFERENCE, ['Server Reference', text]],
  [property.REASON_STRING, ['Reason String', text]],
  [property.RECEIVE_MAXIMUM, ['Receive Maximum', fixed(2, notZero)]],
  [property.TOPIC_ALIAS_MAXIMUM, ['Topic Alias Maximum', fixed(2)]],
  [property.MAXIMUM_QOS, ['Maximum QoS', flag]],
  [property.RETAIN_AVAILABLE, ['Retain Available', flag]],
  [property.USER_PROPERTY, ['User Property', pair]],
  [property.MAXIMUM_PACKET_SIZE, ['Maximum Packet Size', fixed(4, notZero)]],
  [property.WILDCARD_SUBSCRIPTION_AVAILABLE, ['Wildcard Subscription Available', flag]],
  [property.SUBSCRIPTION_IDENTIFIER_AVAILABLE, ['Subscription Identifiers Available', flag]],
  [property.SHARED_SUBSCRIPTION_AVAILABLE, ['Shared Subscription Available', flag]],
]);

/**
 * Checks the properties, whose length is at `at`.
 *
 * @param end end of the packet
 * @returns offset after the properties
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
    const known = allowed.includes(identifier) ? PROPERTIES.get(identifier) : undefined;
    if (!known) {
      throw malformed(
        `The ${packet} has the property ${hex(identifier)}, which is not allowed there (section 2.2.2.2)`,
      );
    }
    const [name, check] = known;
    if (seen.has(identifier) && identifier !== property.USER_PROPERTY) {
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
