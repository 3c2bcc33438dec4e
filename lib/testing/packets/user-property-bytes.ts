import { ReasonCode } from '../../protocol/reason-code.js';
import { ProtocolViolation } from './protocol-violation.js';
import { readVariableByteInteger, variableByteInteger } from './variable-byte-integer.js';

// User Properties keep their order across names [MQTT-3.3.2-18], which is lost in an object: they are forwarded as bytes.

const USER_PROPERTY = 0x26;

/** Returns the offset after the value of a property. */
type Skip = (bytes: Buffer, at: number) => number;
const fixed =
  (length: number): Skip =>
  (_, at) =>
    at + length;
const lengthPrefixed: Skip = (bytes, at) => at + 2 + bytes.readUInt16BE(at);
const pair: Skip = (bytes, at) => lengthPrefixed(bytes, lengthPrefixed(bytes, at));

/** The properties allowed in a PUBLISH of a client (section 3.3.2.3). */
const PUBLISH_PROPERTIES: ReadonlyMap<number, Skip> = new Map([
  [0x01, fixed(1)], // Payload Format Indicator
  [0x02, fixed(4)], // Message Expiry Interval
  [0x03, lengthPrefixed], // Content Type
  [0x08, lengthPrefixed], // Response Topic
  [0x09, lengthPrefixed], // Correlation Data
  [0x0b, (bytes, at) => at + readVariableByteInteger(bytes, at).length], // Subscription Identifier
  [0x23, fixed(2)], // Topic Alias
  [USER_PROPERTY, pair],
]);

/** The encoded User Properties of a PUBLISH; undefined when it has none. */
export function readUserProperties(publish: Buffer): Buffer | undefined {
  try {
    const { start, end } = publishProperties(publish);
    const found: Buffer[] = [];
    let at = start;
    while (at < end) {
      const skip = PUBLISH_PROPERTIES.get(publish.readUInt8(at));
      if (!skip) throw new RangeError('unknown property');
      const next = skip(publish, at + 1);
      if (publish[at] === USER_PROPERTY) found.push(publish.subarray(at, next));
      at = next;
    }
    if (at !== end || end > publish.length) throw new RangeError('properties end in the middle of one');
    return found.length > 0 ? Buffer.concat(found) : undefined;
  } catch {
    throw new ProtocolViolation(ReasonCode.MALFORMED_PACKET, 'The properties of a PUBLISH cannot be read');
  }
}

/** Adds `userProperties` to `publish`, which has none. */
export function insertUserProperties(publish: Buffer, userProperties: Buffer): Buffer {
  const header = readVariableByteInteger(publish, 1);
  const { lengthAt, start, end } = publishProperties(publish);
  const body = Buffer.concat([
    publish.subarray(1 + header.length, lengthAt),
    variableByteInteger(end - start + userProperties.length),
    publish.subarray(start, end),
    userProperties,
    publish.subarray(end),
  ]);
  return Buffer.concat([publish.subarray(0, 1), variableByteInteger(body.length), body]);
}

function publishProperties(publish: Buffer): { lengthAt: number; start: number; end: number } {
  const afterHeader = 1 + readVariableByteInteger(publish, 1).length;
  const hasPacketIdentifier = (publish.readUInt8(0) & 0b110) !== 0;
  const lengthAt = lengthPrefixed(publish, afterHeader) + (hasPacketIdentifier ? 2 : 0);
  const { value, length } = readVariableByteInteger(publish, lengthAt);
  return { lengthAt, start: lengthAt + length, end: lengthAt + length + value };
}
