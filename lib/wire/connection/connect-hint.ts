import { ProtocolViolation } from '../inbound/protocol-violation.js';
import type { Endpoint } from '../network/endpoint.js';
import { reasonOf } from './reconnection.js';

/** Ports that brokers usually use with TLS, and without. */
const TLS_PORTS = new Set([443, 8443, 8883, 8884]);
const PLAIN_PORTS = new Set([80, 1883, 8080, 9001]);

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
  const { code = '' } = error as NodeJS.ErrnoException;
  const secure = protocol === 'mqtts' || protocol === 'wss';
  if (UNKNOWN_AUTHORITY.has(code)) return 'set the certificate of its CA: ca: readFileSync(path)';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'connect to a host name in its certificate, or set servername';
  if (code === 'ENOTFOUND') return 'check the host name';
  if (code === 'ECONNREFUSED') return undefined;
  const wrongProtocol = error instanceof ProtocolViolation || code === 'ECONNRESET' || code === '';
  if (!secure && TLS_PORTS.has(port) && wrongProtocol) return `port ${port} is usually for TLS: use ${protocol}s://`;
  if (secure && (/wrong.version.number/i.test(reasonOf(error)) || (PLAIN_PORTS.has(port) && wrongProtocol)))
    return `port ${port} does not seem to use TLS: use ${protocol.slice(0, -1)}://`;
  if (!wrongProtocol || TLS_PORTS.has(port) || PLAIN_PORTS.has(port)) return undefined;
  return secure
    ? `if port ${port} does not use TLS: ${protocol.slice(0, -1)}://`
    : `if port ${port} uses TLS: ${protocol}s://`;
}
