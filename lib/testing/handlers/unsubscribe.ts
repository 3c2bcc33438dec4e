import type { IUnsubscribePacket } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { BrokerCore } from '../broker-core.js';
import type { Connection } from '../network/connection.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';

/** UNSUBSCRIBE (section 3.10). */
export function handleUnsubscribe(core: BrokerCore, connection: Connection, packet: IUnsubscribePacket): void {
  const { unsubscriptions, messageId } = packet;
  // [MQTT-3.10.3-2]
  if (unsubscriptions.length === 0)
    throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, 'An UNSUBSCRIBE has no filter');
  const session = connection.session!;
  const granted = unsubscriptions.map((filter) =>
    core.router.unsubscribe(session, filter) ? ReasonCode.SUCCESS : ReasonCode.NO_SUBSCRIPTION_EXISTED,
  );
  connection.send({ cmd: 'unsuback', messageId, granted }); // [MQTT-3.10.4-4], [MQTT-3.10.4-5]
  core.events.emit('unsubscribe', { clientId: session.clientId, filters: unsubscriptions });
}
