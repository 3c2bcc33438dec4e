import type { Packet } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import { utf8StringProblem } from '../../protocol/utf8-string.js';
import { ProtocolViolation } from './protocol-violation.js';

// Checks that the specification requires and mqtt-packet does not make.

type Properties = Readonly<Record<string, unknown>>;

const PUBLISH_PROPERTIES = [
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'topicAlias',
  'responseTopic',
  'correlationData',
  'userProperties',
  'subscriptionIdentifier',
  'contentType',
];
const REASON_PROPERTIES = ['reasonString', 'userProperties'];

/** Table 2-4: which properties a client may put into which packet. */
const ALLOWED_PROPERTIES: Readonly<Partial<Record<Packet['cmd'], readonly string[]>>> = {
  connect: [
    'sessionExpiryInterval',
    'authenticationMethod',
    'authenticationData',
    'requestProblemInformation',
    'requestResponseInformation',
    'receiveMaximum',
    'topicAliasMaximum',
    'userProperties',
    'maximumPacketSize',
  ],
  publish: PUBLISH_PROPERTIES,
  puback: REASON_PROPERTIES,
  pubrec: REASON_PROPERTIES,
  pubrel: REASON_PROPERTIES,
  pubcomp: REASON_PROPERTIES,
  subscribe: ['subscriptionIdentifier', 'userProperties'],
  unsubscribe: ['userProperties'],
  disconnect: ['sessionExpiryInterval', 'reasonString', 'userProperties'],
  auth: ['authenticationMethod', 'authenticationData', 'reasonString', 'userProperties'],
};

const WILL_PROPERTIES = [
  'willDelayInterval',
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'contentType',
  'responseTopic',
  'correlationData',
  'userProperties',
];

/**
 * @param frame the packet's own bytes
 * @throws ProtocolViolation
 */
export function checkPacket(packet: Packet, frame: Buffer): void {
  checkPacketIdentifier(packet);
  if ('properties' in packet) checkProperties(packet.properties, ALLOWED_PROPERTIES[packet.cmd] ?? []);
  if (packet.cmd === 'connect' && packet.will) {
    checkProperties(packet.will.properties, WILL_PROPERTIES);
    if ((packet.will.qos ?? 0) > 2) throw malformed('A Will QoS of 3 does not exist'); // [MQTT-3.1.2-12]
  }
  for (const text of utf8Strings(packet)) checkUtf8(text, frame);
}

/** [MQTT-2.2.1-3]: it is never zero. */
function checkPacketIdentifier(packet: Packet): void {
  const needed = 'messageId' in packet && packet.messageId !== undefined;
  if (needed && !(packet.messageId! > 0)) throw malformed(`A ${packet.cmd} has no Packet Identifier`);
}

function checkProperties(properties: Properties | undefined, allowed: readonly string[]): void {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (!allowed.includes(name)) throw malformed(`The property ${name} is not allowed in this packet`);
    if (value === null || value === undefined) throw malformed(`The property ${name} cannot be read`);
    if (Array.isArray(value)) {
      throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, `The property ${name} occurs more than once`);
    }
  }
}

function* utf8Strings(packet: Packet): Generator<string> {
  switch (packet.cmd) {
    case 'connect':
      yield packet.clientId;
      if (packet.username !== undefined) yield packet.username;
      if (packet.will) yield packet.will.topic;
      break;
    case 'publish':
      yield packet.topic;
      break;
    case 'subscribe':
      for (const { topic } of packet.subscriptions) yield topic;
      break;
    case 'unsubscribe':
      yield* packet.unsubscriptions;
      break;
    default:
  }
  yield* propertyStrings('properties' in packet ? packet.properties : undefined);
}

function* propertyStrings(properties: Properties | undefined): Generator<string> {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === 'string') yield value;
    else if (name === 'userProperties') {
      for (const [key, values] of Object.entries(value as Record<string, string | string[]>)) {
        yield key;
        yield* [values].flat();
      }
    }
  }
}

const REPLACEMENT_CHARACTER = '\uFFFD';

/** [MQTT-1.5.4-1] and [MQTT-1.5.4-2]. */
function checkUtf8(text: unknown, frame: Buffer): void {
  if (typeof text !== 'string') throw malformed('A UTF-8 string cannot be read');
  const problem = utf8StringProblem(text);
  if (problem) throw malformed(`A UTF-8 string is not well-formed: ${problem}`);
  // Ill-formed bytes are decoded to U+FFFD; a U+FFFD that the client has sent is also in the frame.
  if (text.includes(REPLACEMENT_CHARACTER) && !frame.includes(text))
    throw malformed('A UTF-8 string is not well-formed');
}

function malformed(problem: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.MALFORMED_PACKET, problem);
}
