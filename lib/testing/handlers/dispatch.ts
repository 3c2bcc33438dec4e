import type { Packet } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { BrokerCore } from '../broker-core.js';
import type { Connection } from '../network/connection.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';
import { handleAcknowledgement } from './acknowledgement.js';
import { handleConnect } from './connect.js';
import { handleDisconnect } from './disconnect.js';
import { handlePublish, handlePubrel } from './publish.js';
import { handleSubscribe } from './subscribe.js';
import { handleUnsubscribe } from './unsubscribe.js';

/**
 * Passes a client's packet to the handler of its type.
 * @throws ProtocolViolation when the packet is not expected, or must not be sent by a client
 */
export function dispatch(core: BrokerCore, connection: Connection, packet: Packet): void | Promise<void> {
  if (!connection.session) {
    if (packet.cmd !== 'connect') throw unexpected(packet); // [MQTT-3.1.0-1]
    return handleConnect(core, connection, packet);
  }
  switch (packet.cmd) {
    case 'publish':
      return handlePublish(core, connection, packet);
    case 'puback':
    case 'pubrec':
    case 'pubcomp':
      return handleAcknowledgement(core, connection, packet);
    case 'pubrel':
      return handlePubrel(connection, packet.messageId!);
    case 'subscribe':
      return handleSubscribe(core, connection, packet);
    case 'unsubscribe':
      return handleUnsubscribe(core, connection, packet);
    case 'pingreq':
      return connection.send({ cmd: 'pingresp' }); // [MQTT-3.12.4-1]
    case 'disconnect':
      return handleDisconnect(core, connection, packet);
    default:
      throw unexpected(packet); // a second CONNECT [MQTT-3.1.0-2], AUTH without a method, packets of a server
  }
}

function unexpected({ cmd }: Packet): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, `A ${cmd} is not allowed here`);
}
