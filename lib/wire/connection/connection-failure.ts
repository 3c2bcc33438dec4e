import type { IConnackPacket, IDisconnectPacket } from 'mqtt';
import { ConnectionRefusedError } from '../../errors/connection-refused.error.js';
import { connectReasonCode, describeReasonCode, ReasonCode } from '../../protocol/reason-code.js';

/** Refusals that may pass, so that retrying makes sense; all others need a change of configuration. */
const PASSING = new Set<number>([
  ReasonCode.SERVER_UNAVAILABLE,
  ReasonCode.SERVER_BUSY,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.CONNECTION_RATE_EXCEEDED,
]);

/** Reasons of a DISCONNECT that have nothing to do with what the broker was sent last. */
const NOTHING_SENT = new Set<number>([
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

/** Codes of the errors that a socket gives when the other side has closed it while something was under way. */
const CLOSED_BY_PEER = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

const REMEDIES: Readonly<Record<number, string>> = {
  [ReasonCode.UNSUPPORTED_PROTOCOL_VERSION]: 'Try protocolVersion 4',
  [ReasonCode.CLIENT_IDENTIFIER_NOT_VALID]: 'Choose another clientId',
  [ReasonCode.BAD_USER_NAME_OR_PASSWORD]: 'Check username and password',
  [ReasonCode.NOT_AUTHORIZED]: "Check credentials and this client's permissions on the broker",
};

/**
 * What trying again can do about a failure: `passing` ones go away; `firm` ones need somebody to change something, which may
 * happen to a service that did connect before; `fatal` ones get worse.
 */
type Severity = 'passing' | 'firm' | 'fatal';

/** Why a connection did not come about, or ended. */
export interface ConnectionFailure {
  readonly error: Error;
  readonly severity: Severity;
  /** Whether the broker ended a connection without a word, rather than the network. */
  readonly silent?: boolean;
  /** Whether the broker has answered, so that it can be reached. */
  readonly answered?: boolean;
  /** Whether it is known what ended the connection, and that it was nothing that the broker was sent. */
  readonly explained?: boolean;
  /** What the broker gave as its reason. */
  readonly reasonCode?: number;
  /** Whether something that the broker was sent may have ended the connection. */
  readonly suspected?: boolean;
  /** Where the broker says to go instead (Server Reference, section 4.11). */
  readonly serverReference?: string | undefined;
  /** What to try about it. */
  readonly hint?: string | undefined;
  /** Whether to go there from now on, and not just this once. */
  readonly moved?: boolean;
}

/** What a CONNACK other than success means. */
export function refusedConnack(packet: IConnackPacket, broker: string): ConnectionFailure {
  const reasonCode = connectReasonCode(packet.reasonCode || packet.returnCode || 0);
  const said = packet.properties?.reasonString;
  const remedy = REMEDIES[reasonCode];
  const message =
    `${broker} refused the connection: ${describeReasonCode(reasonCode)} (0x${reasonCode.toString(16)})` +
    `${said ? `, "${said}"` : ''}.${remedy ? ` ${remedy}.` : ''}`;
  return {
    error: new ConnectionRefusedError(message, reasonCode),
    severity: PASSING.has(reasonCode) ? 'passing' : 'firm',
    answered: true,
    reasonCode,
    serverReference: packet.properties?.serverReference,
    moved: reasonCode === ReasonCode.SERVER_MOVED,
  };
}

/** What a DISCONNECT from the broker means (section 3.14). */
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
    explained: NOTHING_SENT.has(reasonCode),
    reasonCode,
    serverReference: packet.properties?.serverReference,
    moved: reasonCode === ReasonCode.SERVER_MOVED,
  };
}

export function takeoverError(broker: string, clientId: string): ConnectionRefusedError {
  const message =
    `Another client took over the session of Client Identifier "${clientId}" on ${broker}. ` +
    'Give every process a clientId of its own; this one does not reconnect, or the two would evict each other for ever.';
  return new ConnectionRefusedError(message, ReasonCode.SESSION_TAKEN_OVER);
}

/** Whether a connection ended because another client has the same Client Identifier. */
export function isTakeover(error: Error | undefined): boolean {
  return error instanceof ConnectionRefusedError && error.reasonCode === ReasonCode.SESSION_TAKEN_OVER;
}

/** Whether the broker may have ended the connection over something that it was sent, as brokers do when a packet displeases them. */
export function mayBeHangUp(failure: ConnectionFailure | undefined): boolean {
  if (!failure) return true;
  if (failure.explained !== undefined) return !failure.explained;
  return CLOSED_BY_PEER.has((failure.error as NodeJS.ErrnoException).code ?? '');
}
