import type { IPubackPacket, IPubcompPacket, IPubrecPacket } from 'mqtt-packet';
import { isFailure, ReasonCode } from '../../protocol/reason-code.js';
import type { BrokerCore } from '../broker-core.js';
import type { Connection } from '../network/connection.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';

/**
 * PUBACK, PUBREC and PUBCOMP (sections 3.4, 3.5 and 3.7): acknowledgements of the client.
 * @throws ProtocolViolation when no message waits for it
 */
export function handleAcknowledgement(
  { options }: BrokerCore,
  connection: Connection,
  packet: IPubackPacket | IPubrecPacket | IPubcompPacket,
): void {
  if (options.hangsUpOverRefusals && packet.cmd === 'puback' && isFailure(packet.reasonCode)) {
    throw new ProtocolViolation(
      ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
      'A PUBACK with this reason code is not accepted',
    );
  }
  connection.session!.outbound.acknowledge(packet);
}
