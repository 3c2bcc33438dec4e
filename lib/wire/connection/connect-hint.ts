import { ProtocolViolation } from '../inbound/protocol-violation.js';
import type { Endpoint } from '../network/endpoint.js';
import { reasonOf } from './reconnection.js';

/** Ports that brokers speak TLS on, and those that they do not, unless somebody has decided otherwise. */
const TLS_PORTS = new Set([443, 8443, 8883, 8884]);
const PLAIN_PORTS = new Set([80, 1883, 8080, 9001]);

/** What OpenSSL calls a certificate that no CA vouches for that it knows. */
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What to try about an attempt to connect that has failed; undefined where nothing suggests itself. */
export function connectHint(error: Error, { protocol, port }: Endpoint): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  const secure = protocol === 'mqtts' || protocol === 'wss';
  if (UNKNOWN_AUTHORITY.has(code)) return 'give the certificate of its CA: ca: readFileSync(path)';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'connect to a name that its certificate holds, or set servername';
  if (code === 'ENOTFOUND') return 'check the host name';
  if (code === 'ECONNREFUSED') return undefined;
  const wrongProtocol = error instanceof ProtocolViolation || code === 'ECONNRESET' || code === '';
  if (!secure && TLS_PORTS.has(port) && wrongProtocol) return `port ${port} is mostly one for TLS: use ${protocol}s://`;
  if (secure && (/wrong.version.number/i.test(reasonOf(error)) || (PLAIN_PORTS.has(port) && wrongProtocol)))
    return `port ${port} does not seem to speak TLS: use ${protocol.slice(0, -1)}://`;
  return undefined;
}
