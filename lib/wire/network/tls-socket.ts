import { isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { Endpoint } from './endpoints.js';

/** What carries the TLS: a connection that is there already, or a new one, which alone can be read by `onread`. */
type Carrier = { readonly socket: Socket } | { readonly onread: OnReadOpts };

/**
 * Begins a TLS connection. All options go to `tls.connect`, as with MQTT.js, but for the address.
 *
 * A certificate that does not hold ends it with an error that says why. What is written before that is known is not sent.
 *
 * @throws Error when a certificate, a key or another option cannot be used
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
    host, // the certificate is checked against it, even where there is a socket already
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
