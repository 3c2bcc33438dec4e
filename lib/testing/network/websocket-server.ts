import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import type { WebSocket } from 'ws';

const UNSUPPORTED_DATA = 1003;

/** An HTTP server whose WebSockets are MQTT connections (section 6). */
export async function createWebSocketServer(
  tls: TlsOptions | undefined,
  accept: (stream: Duplex) => void,
): Promise<Server> {
  const { WebSocketServer, createWebSocketStream } = await importWs();
  const server = tls ? createTlsServer(tls) : createServer();
  const sockets = new WebSocketServer({ server, handleProtocols });
  sockets.on('connection', (socket: WebSocket) => {
    // [MQTT-6.0.0-1]: binary frames only
    socket.on('message', (_, isBinary) => void (isBinary || socket.close(UNSUPPORTED_DATA)));
    const stream = createWebSocketStream(socket);
    stream.once('end', () => stream.destroy()); // the stream would stay half open after its WebSocket has closed
    accept(stream);
  });
  sockets.on('error', () => {}); // errors of the HTTP server, which listen() reports
  return server;
}

/** [MQTT-6.0.0-3] and [MQTT-6.0.0-4]. */
function handleProtocols(offered: Set<string>): string | false {
  return offered.has('mqtt') ? 'mqtt' : offered.has('mqttv3.1') ? 'mqttv3.1' : false;
}

/** Imported on use: only WebSocket listeners need the package. */
async function importWs(): Promise<Pick<typeof import('ws'), 'WebSocketServer' | 'createWebSocketStream'>> {
  try {
    return await import('ws');
  } catch (cause) {
    throw new Error('A WebSocket listener needs the package "ws": npm install --save-dev ws', { cause });
  }
}
