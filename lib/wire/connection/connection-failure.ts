import type { IConnackPacket, IDisconnectPacket } from 'mqtt';
import { ConnectionRefusedError } from '../../errors/connection-refused.error.js';
import { connectReasonCode, describeReasonCode, ReasonCode } from '../../protocol/reason-code.js';

/** Temporary refusals, which are retried; all others need a change of configuration. */
const TEMPORARY = new Set<number>([
  ReasonCode.SERVER_UNAVAILABLE,
  ReasonCode.SERVER_BUSY,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.CONNECTION_RATE_EXCEEDED,
]);

/** Reason codes of a DISCONNECT that were not caused by a packet of this client. */
const NOT_CAUSED_BY_PACKETS = new Set<number>([
  ReasonCode.SERVER_UNAVAILABLE,
  ReasonCode.SERVER_BUSY,
  ReasonCode.SERVER_SHUTTING_DOWN,
  ReasonCode.KEEP_ALIVE_TIMEOUT,
  ReasonCode.MESSAGE_RATE_TOO_HIGH,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.ADMINISTRATIVE_ACTION,
  ReasonCode.USE_ANOTHER_SERVER,
  ReasonCode.SERVER_MOVED,
  ReasonCode.CONNECTION_RATE_EXCEEDED,
  ReasonCode.MAXIMUM_CONNECT_TIME,
]);

/** Codes of socket errors when the peer has closed the connection. */
const CLOSED_BY_PEER = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

const REMEDIES: Readonly<Record<number, string>> = {
  [ReasonCode.UNSUPPORTED_PROTOCOL_VERSION]: 'Try protocolVersion 4',
  [ReasonCode.CLIENT_IDENTIFIER_NOT_VALID]: 'Choose another clientId',
  [ReasonCode.BAD_USER_NAME_OR_PASSWORD]: 'Check username and password',
  [ReasonCode.NOT_AUTHORIZED]: "Check credentials and this client's permissions on the broker",
};

/**
 * Whether to retry after a failure: `passing` failures are temporary; `firm` ones need a change of configuration, which may happen while
 * a service is running; after `fatal` ones a retry does harm.
 */
type Severity = 'passing' | 'firm' | 'fatal';

/** Why a connection could not be made, or ended. */
export interface ConnectionFailure {
  readonly error: Error;
  readonly severity: Severity;
  /** Whether the broker closed the connection without a DISCONNECT. */
  readonly silent?: boolean;
  /** Whether the broker can be reached: it has answered. */
  readonly answered?: boolean;
  /** Whether the cause is known, and is not a packet of this client. */
  readonly explained?: boolean;
  /** Reason code of the broker. */
  readonly reasonCode?: number;
  /** Whether a packet of this client may be the cause. */
  readonly suspected?: boolean;
  /** Server Reference of the broker (section 4.11). */
  readonly serverReference?: string | undefined;
  /** A hint on how to fix it. */
  readonly hint?: string | undefined;
  /** Whether the move is permanent (0x9D). */
  readonly moved?: boolean;
}

/** The failure for a CONNACK with an error. */
export function refusedConnack(packet: IConnackPacket, broker: string): ConnectionFailure {
  const reasonCode = connectReasonCode(packet.reasonCode || packet.returnCode || 0);
  const said = packet.properties?.reasonString;
  const remedy = REMEDIES[reasonCode];
  const message =
    `${broker} refused the connection: ${describeReasonCode(reasonCode)} (0x${reasonCode.toString(16)})` +
    `${said ? `, "${said}"` : ''}.${remedy ? ` ${remedy}.` : ''}`;
  return {
    error: new ConnectionRefusedError(message, reasonCode),
    severity: TEMPORARY.has(reasonCode) ? 'passing' : 'firm',
    answered: true,
    reasonCode,
    serverReference: packet.properties?.serverReference,
    moved: reasonCode === ReasonCode.SERVER_MOVED,
  };
}

/** The failure for a DISCONNECT from the broker (section 3.14). */
export function brokerDisconnect(packet: IDisconnectPacket, broker: string, clientId: string): ConnectionFailure {
  const reasonCode = packet.reasonCode ?? ReasonCode.SUCCESS;
  if (reasonCode === ReasonCode.SESSION_TAKEN_OVER) {
    return { error: takeoverError(broker, clientId), severity: 'fatal', explained: true };
  }
  const said = packet.properties?.reasonString;
  const message = `${broker} ended the connection: ${describeReasonCode(reasonCode)} (0x${reasonCode.toString(16)})${said ? `, "${said}"` : ''}.`;
  return {
    error: new ConnectionRefusedError(message, reasonCode),
    severity: 'passing',
    explained: NOT_CAUSED_BY_PACKETS.has(reasonCode),
    reasonCode,
    serverReference: packet.properties?.serverReference,
    moved: reasonCode === ReasonCode.SERVER_MOVED,
  };
}

export function takeoverError(broker: string, clientId: string): ConnectionRefusedError {
  const message =
    `Another client took over the session of Client Identifier "${clientId}" on ${broker}. ` +
    'Give every process its own clientId. This client does not reconnect: it would take the session back, again and again.';
  return new ConnectionRefusedError(message, ReasonCode.SESSION_TAKEN_OVER);
}

/** Whether a connection ended because another client has the same Client Identifier. */
export function isTakeover(error: Error | undefined): boolean {
  return error instanceof ConnectionRefusedError && error.reasonCode === ReasonCode.SESSION_TAKEN_OVER;
}

/** Whether the broker may have closed the connection because of a packet of this client. */
export function mayBeHangUp(failure: ConnectionFailure | undefined): boolean {
  if (!failure) return true;
  if (failure.explained !== undefined) return !failure.explained;
  return CLOSED_BY_PEER.has((failure.error as NodeJS.ErrnoException).code ?? '');
}
