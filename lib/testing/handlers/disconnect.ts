import type { IDisconnectPacket } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { BrokerCore } from '../broker-core.js';
import type { Connection } from '../network/connection.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';

/** DISCONNECT (section 3.14): the client disconnects, and may change its Session Expiry Interval. */
export function handleDisconnect(core: BrokerCore, connection: Connection, packet: IDisconnectPacket): void {
  const session = connection.session!;
  const expiry = packet.properties?.sessionExpiryInterval;
  if (expiry !== undefined) {
    // [MQTT-3.14.2-2]
    if (expiry > 0 && session.expirySeconds === 0) {
      throw new ProtocolViolation(
        ReasonCode.PROTOCOL_ERROR,
        'A Session Expiry Interval of 0 in the CONNECT cannot be changed',
      );
    }
    session.expirySeconds = Math.min(expiry, core.options.maximumSessionExpiry);
  }
  const reasonCode = packet.reasonCode ?? ReasonCode.SUCCESS;
  if (reasonCode === ReasonCode.SUCCESS) connection.will = undefined; // [MQTT-3.14.4-3]
  connection.leave(reasonCode);
}
