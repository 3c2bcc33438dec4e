import { randomUUID } from 'node:crypto';
import type { IConnackPacket, IConnectPacket } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import { topicNameProblem } from '../../protocol/topic-name.js';
import type { BrokerCore } from '../broker-core.js';
import { NEVER_EXPIRES, type ResolvedBrokerOptions } from '../broker-options.js';
import type { Connection } from '../network/connection.js';
import type { Session } from '../sessions/session.js';
import type { Will } from '../sessions/wills.js';

/** CONNECT (section 3.1): accepts the client and resumes or creates its session, or refuses it. */
export async function handleConnect(core: BrokerCore, connection: Connection, packet: IConnectPacket): Promise<void> {
  const problem = connectProblem(core.options, connection, packet);
  if (problem !== undefined) return connection.refuse(problem);
  const { clientId, username, password, clean = true, keepalive = 0 } = packet;
  const { protocolVersion } = connection;
  const reasonCode = await core.access.connect.check({
    clientId,
    username,
    password,
    protocolVersion,
    clean,
    keepalive,
  });
  if (!connection.isOpen) return;
  if (reasonCode !== ReasonCode.SUCCESS) return connection.refuse(reasonCode);
  if (hasTooManySessions(core, packet)) return connection.refuse(ReasonCode.QUOTA_EXCEEDED);
  acceptClient(core, connection, packet);
}

/** Why a CONNECT is refused before the hook is called. */
function connectProblem(options: ResolvedBrokerOptions, connection: Connection, packet: IConnectPacket) {
  const { properties = {}, will, clientId, clean, username, password } = packet;
  if (properties.authenticationMethod !== undefined) return ReasonCode.BAD_AUTHENTICATION_METHOD; // [MQTT-4.12.0-1]
  if (properties.receiveMaximum === 0 || properties.maximumPacketSize === 0) return ReasonCode.PROTOCOL_ERROR;
  // 3.1.1 [MQTT-3.1.3-8]; 3.1 does not allow an empty Client Identifier
  const { protocolVersion } = connection;
  if (!clientId && !options.assignsClientIds) return ReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
  if (!clientId && (protocolVersion === 3 || (protocolVersion === 4 && !clean))) {
    return ReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
  }
  // 3.1.1 [MQTT-3.1.2-22]
  if (protocolVersion < 5 && password && username === undefined) return ReasonCode.MALFORMED_PACKET;
  if (!will) return undefined;
  if (topicNameProblem(will.topic)) return ReasonCode.TOPIC_NAME_INVALID;
  if ((will.qos ?? 0) > options.maximumQoS) return ReasonCode.QOS_NOT_SUPPORTED; // [MQTT-3.2.2-12]
  if (will.retain && !options.retainAvailable) return ReasonCode.RETAIN_NOT_SUPPORTED; // [MQTT-3.2.2-13]
  return undefined;
}

/** Sessions of disconnected clients count too. */
function hasTooManySessions({ options, sessions }: BrokerCore, { username, clientId }: IConnectPacket): boolean {
  if (username === undefined || options.sessionsPerUser === Infinity) return false;
  const others = sessions.all().filter((session) => session.username === username && session.clientId !== clientId);
  return others.length >= options.sessionsPerUser;
}

function acceptClient(core: BrokerCore, connection: Connection, packet: IConnectPacket): void {
  const { options, sessions, events } = core;
  const { clean = true, properties = {}, username } = packet;
  const clientId = packet.clientId || `auto-${randomUUID()}`; // [MQTT-3.1.3-6]
  connection.clientId = clientId;
  const previous = sessions.get(clientId)?.outbound.link;
  if (options.announcesTakeover)
    previous?.disconnect(ReasonCode.SESSION_TAKEN_OVER); // [MQTT-3.1.4-3]
  else previous?.cut();
  const { session, sessionPresent } = sessions.open(clientId, clean);
  session.expirySeconds = Math.min(requestedExpiry(connection, packet), options.maximumSessionExpiry);
  session.username = username;
  connection.session = session;
  connection.will = willOf(packet);
  connection.receiveMaximum = properties.receiveMaximum ?? connection.receiveMaximum;
  connection.writer.maximumPacketSize = properties.maximumPacketSize ?? Infinity;
  connection.writer.topicAliasMaximum = options.assignTopicAliases ? (properties.topicAliasMaximum ?? 0) : 0;
  const serverKeepAlive = connection.protocolVersion === 5 ? imposedKeepAlive(options, packet) : undefined;
  connection.keepAlive(serverKeepAlive ?? packet.keepalive ?? 0); // [MQTT-3.2.2-21]
  session.outbound.attach(connection);
  connection.send({
    cmd: 'connack',
    sessionPresent: sessionPresent && connection.protocolVersion > 3,
    reasonCode: ReasonCode.SUCCESS,
    returnCode: 0,
    properties: connackProperties(options, session, packet),
  });
  const { protocolVersion } = connection;
  events.emit('connect', { clientId, protocolVersion, username, clean, sessionPresent });
  session.outbound.resume();
}

/** On 3.1.1 a session never expires, or ends with its connection. */
function requestedExpiry({ protocolVersion }: Connection, { clean, properties }: IConnectPacket): number {
  if (protocolVersion === 5) return properties?.sessionExpiryInterval ?? 0;
  return clean ? 0 : NEVER_EXPIRES;
}

function willOf({ will }: IConnectPacket): Will | undefined {
  if (!will) return undefined;
  return {
    ...will,
    payload: Buffer.from(will.payload as Buffer),
    delaySeconds: will.properties?.willDelayInterval ?? 0,
  };
}

/** Server Keep Alive in seconds, if it differs from that of the client; 0 disables Keep Alive. */
function imposedKeepAlive(
  { serverKeepAlive, maximumKeepAlive }: ResolvedBrokerOptions,
  { keepalive = 0 }: IConnectPacket,
): number | undefined {
  if (serverKeepAlive !== undefined) return serverKeepAlive;
  return (keepalive || Infinity) > maximumKeepAlive ? maximumKeepAlive : undefined;
}

function connackProperties(
  options: ResolvedBrokerOptions,
  session: Session,
  packet: IConnectPacket,
): NonNullable<IConnackPacket['properties']> {
  const { properties = {} } = packet;
  const { maximumQoS } = options;
  // Undefined properties are not written. Booleans are always written, so they are set only if they differ from the default.
  return {
    receiveMaximum: options.receiveMaximum,
    maximumPacketSize: options.maximumPacketSize,
    topicAliasMaximum: options.topicAliasMaximum,
    maximumQoS: maximumQoS < 2 ? maximumQoS : undefined, // [MQTT-3.2.2-9]
    retainAvailable: options.retainAvailable ? undefined : false,
    subscriptionIdentifiersAvailable: options.subscriptionIdentifiers ? undefined : false,
    sharedSubscriptionAvailable: options.sharedSubscriptions === false ? false : undefined,
    assignedClientIdentifier: packet.clientId ? undefined : session.clientId,
    sessionExpiryInterval:
      session.expirySeconds === (properties.sessionExpiryInterval ?? 0) ? undefined : session.expirySeconds,
    serverKeepAlive: imposedKeepAlive(options, packet),
    responseInformation: properties.requestResponseInformation ? options.responseInformation : undefined, // [MQTT-3.1.2-28]
  };
}
