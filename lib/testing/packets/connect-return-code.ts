import { ReasonCode } from '../../protocol/reason-code.js';

const IDENTIFIER_REJECTED = 2;
const SERVER_UNAVAILABLE = 3;
const BAD_CREDENTIALS = 4;
const NOT_AUTHORIZED = 5;

/** Return codes of a 3.1.1 CONNACK (section 3.2.2.3 there) by reason codes of 5.0. */
const RETURN_CODES: ReadonlyMap<number, number> = new Map([
  [ReasonCode.UNSPECIFIED_ERROR, SERVER_UNAVAILABLE],
  [ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, 1],
  [ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, IDENTIFIER_REJECTED],
  [ReasonCode.BAD_USER_NAME_OR_PASSWORD, BAD_CREDENTIALS],
  [ReasonCode.NOT_AUTHORIZED, NOT_AUTHORIZED],
  [ReasonCode.SERVER_UNAVAILABLE, SERVER_UNAVAILABLE],
  [ReasonCode.SERVER_BUSY, SERVER_UNAVAILABLE],
  [ReasonCode.BANNED, NOT_AUTHORIZED],
  [ReasonCode.QUOTA_EXCEEDED, SERVER_UNAVAILABLE],
  [ReasonCode.USE_ANOTHER_SERVER, SERVER_UNAVAILABLE],
  [ReasonCode.SERVER_MOVED, SERVER_UNAVAILABLE],
  [ReasonCode.CONNECTION_RATE_EXCEEDED, SERVER_UNAVAILABLE],
]);

/** Undefined if 3.1.1 has no corresponding code. */
export function connectReturnCode(reasonCode: number): number | undefined {
  return RETURN_CODES.get(reasonCode);
}
