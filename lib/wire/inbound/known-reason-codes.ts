import { ReasonCode } from '../../protocol/reason-code.js';
import { PacketType } from './packet-type.js';
import { hex, protocolError } from './protocol-violation.js';

/** [MQTT-3.4.2-1], [MQTT-3.5.2-1] */
const RECEIVED = [
  ReasonCode.SUCCESS,
  ReasonCode.NO_MATCHING_SUBSCRIBERS,
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.NOT_AUTHORIZED,
  ReasonCode.TOPIC_NAME_INVALID,
  ReasonCode.PACKET_IDENTIFIER_IN_USE,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.PAYLOAD_FORMAT_INVALID,
];
/** [MQTT-3.6.2-1], [MQTT-3.7.2-1] */
const RELEASED = [ReasonCode.SUCCESS, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND];
/** [MQTT-3.9.3-2] */
const SUBSCRIBED = [
  ReasonCode.SUCCESS,
  ReasonCode.GRANTED_QOS_1,
  ReasonCode.GRANTED_QOS_2,
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.NOT_AUTHORIZED,
  ReasonCode.TOPIC_FILTER_INVALID,
  ReasonCode.PACKET_IDENTIFIER_IN_USE,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
  ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED,
  ReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
];
/** [MQTT-3.11.3-2] */
const UNSUBSCRIBED = [
  ReasonCode.SUCCESS,
  ReasonCode.NO_SUBSCRIPTION_EXISTED,
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.NOT_AUTHORIZED,
  ReasonCode.TOPIC_FILTER_INVALID,
  ReasonCode.PACKET_IDENTIFIER_IN_USE,
];
/** [MQTT-3.14.2-1], without the codes that only clients send. */
const DISCONNECTED = [
  ReasonCode.SUCCESS,
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.MALFORMED_PACKET,
  ReasonCode.PROTOCOL_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.NOT_AUTHORIZED,
  ReasonCode.SERVER_BUSY,
  ReasonCode.SERVER_SHUTTING_DOWN,
  ReasonCode.KEEP_ALIVE_TIMEOUT,
  ReasonCode.SESSION_TAKEN_OVER,
  ReasonCode.TOPIC_FILTER_INVALID,
  ReasonCode.TOPIC_NAME_INVALID,
  ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
  ReasonCode.TOPIC_ALIAS_INVALID,
  ReasonCode.PACKET_TOO_LARGE,
  ReasonCode.MESSAGE_RATE_TOO_HIGH,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.ADMINISTRATIVE_ACTION,
  ReasonCode.PAYLOAD_FORMAT_INVALID,
  ReasonCode.RETAIN_NOT_SUPPORTED,
  ReasonCode.QOS_NOT_SUPPORTED,
  ReasonCode.USE_ANOTHER_SERVER,
  ReasonCode.SERVER_MOVED,
  ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
  ReasonCode.CONNECTION_RATE_EXCEEDED,
  ReasonCode.MAXIMUM_CONNECT_TIME,
  ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED,
  ReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
];
/** [MQTT-3.15.2-1], without the codes that only clients send. */
const AUTHENTICATED = [ReasonCode.SUCCESS, ReasonCode.CONTINUE_AUTHENTICATION];

/** Valid reason codes from a broker, by packet type (5.0). */
const KNOWN: ReadonlyMap<number, readonly number[]> = new Map<number, readonly number[]>([
  [PacketType.PUBACK, RECEIVED],
  [PacketType.PUBREC, RECEIVED],
  [PacketType.PUBREL, RELEASED],
  [PacketType.PUBCOMP, RELEASED],
  [PacketType.SUBACK, SUBSCRIBED],
  [PacketType.UNSUBACK, UNSUBSCRIBED],
  [PacketType.DISCONNECT, DISCONNECTED],
  [PacketType.AUTH, AUTHENTICATED],
]);

/** @throws ProtocolViolation when a packet of that type cannot have the reason code, on 5.0 */
export function checkReasonCode(reasonCode: number, type: number): void {
  if (KNOWN.get(type)?.includes(reasonCode)) return;
  throw protocolError(
    `The ${PacketType[type]} has the reason code ${hex(reasonCode)}, which is not allowed there (section 3.${type})`,
  );
}
