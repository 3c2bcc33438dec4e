import type { IPublishPacket } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import { topicNameProblem } from '../../protocol/topic-name.js';
import { discouragedCharacter } from '../../protocol/utf8-string.js';
import type { BrokerCore } from '../broker-core.js';
import { createMessage, type BrokerMessage, type PublishPacket } from '../broker-message.js';
import type { ResolvedBrokerOptions } from '../broker-options.js';
import type { Connection } from '../network/connection.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';
import { exceedsTopicLimits } from '../topic-limits.js';

/** PUBLISH (section 3.3): routes a client's message once, and acknowledges it. */
export function handlePublish(core: BrokerCore, connection: Connection, packet: IPublishPacket): void | Promise<void> {
  checkPublish(core.options, packet);
  const session = connection.session!;
  if (packet.qos === 2 && session.receivedQos2.has(packet.messageId!)) {
    return acknowledge(connection, packet, ReasonCode.SUCCESS); // [MQTT-4.3.3-10]: already received
  }
  const message = createMessage(packet, (packet as PublishPacket).userPropertyBytes);
  if (exceedsTopicLimits(core.options, message.topic)) {
    return settle(core, connection, packet, message, ReasonCode.TOPIC_NAME_INVALID);
  }
  const verdict = core.access.publish.check({ clientId: session.clientId, ...message });
  if (typeof verdict === 'number') return settle(core, connection, packet, message, verdict);
  return verdict.then((reasonCode) => settle(core, connection, packet, message, reasonCode));
}

function settle(
  core: BrokerCore,
  connection: Connection,
  packet: IPublishPacket,
  message: BrokerMessage,
  verdict: number,
) {
  if (!connection.isOpen) return; // unacknowledged: the client sends it again
  const session = connection.session!;
  if (verdict !== ReasonCode.SUCCESS) {
    core.events.emit('drop-message', { clientId: session.clientId, message, reason: 'refused' });
    // 3.1.1 [MQTT-3.3.5-2]: it has no negative acknowledgement
    const hangsUp = connection.protocolVersion < 5 || core.options.hangsUpOverForbidden;
    return hangsUp ? connection.disconnect(verdict) : acknowledge(connection, packet, verdict);
  }
  if (packet.qos === 2) session.receivedQos2.add(packet.messageId!);
  core.events.emit('publish', { clientId: session.clientId, message, will: false });
  const receivers = core.accept(message, session);
  const unheard = receivers === 0 && core.options.noMatchingSubscribers;
  const { userProperties } = message.properties;
  if (core.options.malformedPuback && packet.qos === 1 && userProperties && connection.protocolVersion === 5) {
    const { messageId } = packet;
    return connection.send({
      cmd: 'puback',
      messageId,
      reasonCode: ReasonCode.GRANTED_QOS_1,
      properties: { userProperties },
    });
  }
  acknowledge(connection, packet, unheard ? ReasonCode.NO_MATCHING_SUBSCRIBERS : ReasonCode.SUCCESS);
}

function acknowledge(connection: Connection, { qos, messageId }: IPublishPacket, reasonCode: number): void {
  if (qos === 1) connection.send({ cmd: 'puback', messageId, reasonCode }); // [MQTT-4.3.2-4]
  if (qos === 2) connection.send({ cmd: 'pubrec', messageId, reasonCode }); // [MQTT-4.3.3-8]
}

function checkPublish(options: ResolvedBrokerOptions, { topic, qos, dup, retain, properties }: IPublishPacket): void {
  if (options.hangsUpOverDiscouragedCharacters && holdsDiscouraged(topic, properties)) {
    throw new ProtocolViolation(ReasonCode.MALFORMED_PACKET, 'A string contains a discouraged character'); // section 1.5.4
  }
  if (dup && qos === 0) throw new ProtocolViolation(ReasonCode.MALFORMED_PACKET, 'QoS 0 has no duplicates'); // [MQTT-3.3.1-2]
  const problem = topicNameProblem(topic);
  if (problem) throw new ProtocolViolation(ReasonCode.TOPIC_NAME_INVALID, `The Topic Name is invalid: ${problem}`); // [MQTT-3.3.2-2]
  if (qos > options.maximumQoS)
    throw new ProtocolViolation(ReasonCode.QOS_NOT_SUPPORTED, `QoS ${qos} is not supported`); // [MQTT-3.2.2-11]
  if (retain && !options.retainAvailable) {
    throw new ProtocolViolation(ReasonCode.RETAIN_NOT_SUPPORTED, 'Retained messages are not supported'); // [MQTT-3.2.2-14]
  }
  if (properties?.subscriptionIdentifier !== undefined) {
    throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, 'A client sends no Subscription Identifier'); // [MQTT-3.3.4-6]
  }
  const { responseTopic } = properties ?? {};
  if (responseTopic !== undefined && topicNameProblem(responseTopic)) {
    throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, 'The Response Topic is not a valid Topic Name'); // [MQTT-3.3.2-14]
  }
}

function holdsDiscouraged(topic: string, properties: IPublishPacket['properties']): boolean {
  const { contentType = '', responseTopic = '', userProperties = {} } = properties ?? {};
  const strings = [topic, contentType, responseTopic, ...Object.entries(userProperties).flat(2)];
  return strings.some((text) => discouragedCharacter(text) !== undefined);
}

/** PUBREL (section 3.6): the Packet Identifier of a QoS 2 message is free again [MQTT-4.3.3-11]. */
export function handlePubrel(connection: Connection, messageId: number): void {
  const known = connection.session!.receivedQos2.delete(messageId);
  const reasonCode = known ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND;
  connection.send({ cmd: 'pubcomp', messageId, reasonCode });
}
