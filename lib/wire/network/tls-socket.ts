import { isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { Endpoint } from './endpoints.js';

/** The transport of the TLS connection: an existing socket, or a new one; only a new one supports `onread`. */
type Carrier = { readonly socket: Socket } | { readonly onread: OnReadOpts };

/**
 * Opens a TLS connection. All options except the address are passed to `tls.connect`, as in MQTT.js.
 *
 * An invalid certificate ends it with an error that states the reason. No bytes are sent before the certificate is verified.
 *
 * @throws Error when a certificate, a key or another option is invalid
 */
export function connectTls(
  { host, port }: Endpoint,
  mqtt: ResolvedConnectionOptions['mqtt'],
  carrier: Carrier,
): TLSSocket {
  const options = {
    ...mqtt,
    servername: mqtt.servername || (isIP(host) === 0 ? host : undefined),
    rejectUnauthorized: mqtt.rejectUnauthorized !== false,
    host, // also for an existing socket: the certificate is verified against it
    port,
    path: undefined,
    timeout: undefined,
    ...carrier,
  } as ConnectionOptions;
  const socket = connect(options);
  socket.cork();
  socket.once('secureConnect', () => socket.uncork());
  return socket;
}
