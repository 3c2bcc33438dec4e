import { ProtocolViolation } from '../inbound/protocol-violation.js';
import type { Endpoint } from '../network/endpoint.js';
import { HttpAnswer } from '../network/http-answer.js';
import { CredentialsFailure } from './credentials-failure.js';
import { reasonOf } from './reconnection.js';

/** Ports that brokers usually use with TLS, and without. */
const TLS_PORTS = new Set([443, 8443, 8883, 8884]);
const PLAIN_PORTS = new Set([80, 1883, 8080, 9001]);
/** Ports of MQTT over TCP, where there are no WebSockets. */
const TCP_PORTS = new Set([1883, 8883]);

/** The message of `ws` when a server answers with a status other than 101; 401, 403 and 5xx have another cause. */
const NO_WEBSOCKET = /^Unexpected server response: (2\d\d|3\d\d|400|404|405|426)$/;

/** Node's message when the peer closes the connection in place of its part of the TLS handshake. */
const BEFORE_TLS = /before secure TLS connection/;

/** OpenSSL error codes for a certificate of an unknown CA. */
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A hint on how to fix a failed connection attempt; undefined if there is none. */
export function connectHint(error: Error, { protocol, port }: Endpoint): string | undefined {
  if (error instanceof CredentialsFailure) return undefined;
  const { code = '' } = error as NodeJS.ErrnoException;
  const secure = protocol === 'mqtts' || protocol === 'wss';
  if (UNKNOWN_AUTHORITY.has(code)) return 'set the certificate of its CA: ca: readFileSync(path)';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'connect to a host name in its certificate, or set servername';
  if (code === 'ENOTFOUND') return 'check the host name';
  if (code === 'ECONNREFUSED') return 'is a broker listening there? Check url';
  const tcp = secure && !BEFORE_TLS.test(reasonOf(error)) ? 'mqtts://' : 'mqtt://';
  const isWeb = protocol === 'ws' || protocol === 'wss';
  if (error instanceof HttpAnswer)
    return `port ${port} is for WebSockets, or of a web server: use ${secure ? 'wss' : 'ws'}://, or another port`;
  if (isWeb && NO_WEBSOCKET.test(error.message))
    return 'there is no WebSocket at this path: give the path of the broker, often /mqtt';
  if (isWeb && code.startsWith('HPE_')) return `port ${port} does not speak HTTP: use ${tcp}`; // code of Node's HTTP parser
  const wrongProtocol = error instanceof ProtocolViolation || code === 'ECONNRESET' || code === '';
  const plain = `port ${port} does not seem to use TLS: use ${protocol.slice(0, -1)}://`;
  if (secure && /wrong.version.number/i.test(reasonOf(error))) return plain;
  if (isWeb && wrongProtocol && TCP_PORTS.has(port))
    return `port ${port} is usually for MQTT over TCP: use ${port === 1883 ? 'mqtt' : 'mqtts'}://`;
  if (!secure && TLS_PORTS.has(port) && wrongProtocol) return `port ${port} is usually for TLS: use ${protocol}s://`;
  if (secure && PLAIN_PORTS.has(port) && wrongProtocol) return plain;
  if (!wrongProtocol || TLS_PORTS.has(port) || PLAIN_PORTS.has(port)) return undefined;
  const otherwise = isWeb ? `; if it is for MQTT over TCP: ${tcp}` : '';
  return secure
    ? `if port ${port} does not use TLS: ${protocol.slice(0, -1)}://${otherwise}`
    : `if port ${port} uses TLS: ${protocol}s://${otherwise}`;
}
