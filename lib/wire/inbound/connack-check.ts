import * as property from '../../protocol/property-identifier.js';
import type { Frame } from './frame-reader.js';
import { checkProperties, type PropertyRules } from './property-section.js';
import { hex, malformed, protocolError } from './protocol-violation.js';

/** Reason codes of this value and above refuse the connection (section 3.2.2.2). */
const FIRST_REFUSAL = 0x80;
/** Highest return code of 3.1.1 (section 3.2.2.3 there). */
const LAST_RETURN_CODE = 5;
const RULES: PropertyRules = {
  packet: 'CONNACK',
  // section 3.2.2.3
  allowed: [
    property.SESSION_EXPIRY_INTERVAL,
    property.ASSIGNED_CLIENT_IDENTIFIER,
    property.SERVER_KEEP_ALIVE,
    property.AUTHENTICATION_METHOD,
    property.AUTHENTICATION_DATA,
    property.RESPONSE_INFORMATION,
    property.SERVER_REFERENCE,
    property.REASON_STRING,
    property.RECEIVE_MAXIMUM,
    property.TOPIC_ALIAS_MAXIMUM,
    property.MAXIMUM_QOS,
    property.RETAIN_AVAILABLE,
    property.USER_PROPERTY,
    property.MAXIMUM_PACKET_SIZE,
    property.WILDCARD_SUBSCRIPTION_AVAILABLE,
    property.SUBSCRIPTION_IDENTIFIER_AVAILABLE,
    property.SHARED_SUBSCRIPTION_AVAILABLE,
  ],
};

/**
 * Checks a CONNACK. An unknown reason code is treated as a refusal, whose number is more helpful than a protocol violation.
 *
 * @throws ProtocolViolation
 */
export function checkConnack({ bytes, body, end }: Frame, protocolVersion: 4 | 5): void {
  const length = end - body;
  if (length < 2) throw malformed('The CONNACK has no reason code (section 3.2.2)');
  const flags = bytes[body]!;
  const code = bytes[body + 1]!;
  if (flags > 1) throw malformed(`The CONNACK has the acknowledge flags ${hex(flags)} [MQTT-3.2.2-1]`);
  if (flags === 1 && code !== 0) {
    throw protocolError(`The CONNACK refuses with ${hex(code)}, and has Session Present [MQTT-3.2.2-6]`);
  }
  if (protocolVersion === 4) {
    if (length > 2) throw malformed('The CONNACK has bytes after its return code (section 3.2.1)');
    return;
  }
  // [MQTT-3.1.2-2] of 3.1.1: this is how a broker without 5.0 refuses it.
  if (length === 2 && code > 0 && code <= LAST_RETURN_CODE) return;
  if (length === 2) throw malformed('The CONNACK has no properties (section 3.2.2.3)');
  if (code > 0 && code < FIRST_REFUSAL) {
    throw protocolError(`The CONNACK has the reason code ${hex(code)} [MQTT-3.2.2-8]`);
  }
  if (checkProperties(bytes, body + 2, end, RULES) !== end) {
    throw malformed('The CONNACK has bytes after its properties (section 3.2.2.3)');
  }
}
