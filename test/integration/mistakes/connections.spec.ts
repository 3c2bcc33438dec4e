import { createServer as createTlsServer } from 'node:tls';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { closeAfterTest } from '../../support/closing.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { logs, transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { connectHint } from '../../../lib/wire/connection/connect-hint.js';

@Controller()
class Handlers {
  @EventPattern<string>('connections/a', { qos: 1 })
  a(): void {}

  @EventPattern<string>('connections/b/{id}', { qos: 1, shared: 'workers' })
  b(): void {}

  @MessagePattern('connections/c')
  c(): void {}
}

describeEachBroker('two processes with one Client Identifier', (broker) => {
  it('say so soon, and what to do', async () => {
    const options = { ...broker.connection, clientId: 'replica', reconnect: { initialDelay: 100, maxDelay: 300 } };
    await startServer(options, { controllers: [Handlers] });
    await Promise.allSettled([startServer(options, { controllers: [Handlers] })]); // which may be taken over itself
    const said = /Client Identifier "replica".*Give every process its own clientId/;
    await logs.until(
      () => [...transportLogs('warn'), ...transportLogs('error')].some((line) => said.test(line)),
      'a line',
    );
    expect(said.test([...transportLogs('warn'), ...transportLogs('error')].join('\n'))).toBe(true);
  });
});

describe('the log of a server', () => {
  it('has one line for what is subscribed, and one for the beginning and the end of draining', async () => {
    const { url } = await startInProcessBroker();
    const { app } = await startServer({ ...connectionTo(url), name: 'plant' }, { controllers: [Handlers] });
    await app.close();
    const at = `"plant" at ${url}`;
    expect(transportLogs('log')).toEqual([
      expect.stringMatching(new RegExp(`^Connected to ${at} as "nestjs_`)),
      `Subscribed 3 filters at ${at}: 1 at QoS 0, 2 at QoS 1, 1 in group "workers"`,
      `Draining at ${at}: 0 messages in progress`,
      expect.stringMatching(new RegExp(`^Drained at ${at} after \\d+ ms$`)),
    ]);
    expect(transportLogs('debug')).toEqual([
      'Event handler "connections/a" is subscribed as "connections/a", QoS 1',
      'Event handler "connections/b/{id}" is subscribed as "$share/workers/connections/b/+", QoS 1',
      'Request handler "connections/c" is subscribed as "connections/c", QoS 0',
    ]);
  });

  it('says that nothing is subscribed', async () => {
    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url), {});
    expect(transportLogs('warn')).toEqual([
      `Nothing is subscribed at ${url}: no controller has a handler for this server. Is the controller listed in controllers of a module?`,
    ]);
  });

  it('says that a session is lost, where it was to survive', async () => {
    const { broker, url } = await startInProcessBroker();
    const connection = durable(connectionTo(url));
    await startServer(connection, { controllers: [Handlers] });
    await broker.restart({ keepSessions: false });
    const lost = `${url} has lost the session of "${connection.clientId}", with all messages queued in it; its 3 filters are subscribed again`;
    await logs.until(() => transportLogs('warn').includes(lost), 'the line');
    expect(transportLogs('warn').filter((line) => line === lost)).toHaveLength(1);
  });
});

const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAfterTest(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const attempt = (url: string): Promise<void> => createClient({ url, maxConnectionAttempts: 1 }).connect();

describe('the wrong protocol', () => {
  it('mqtt:// at a port for TLS', async () => {
    const tls = createTlsServer(() => {});
    tls.listen(0, '127.0.0.1').on('tlsClientError', (_, socket) => socket.destroy());
    await once(tls, 'listening');
    closeAfterTest(() => tls.close());
    const { port } = tls.address() as AddressInfo;
    const client = createClient({ url: `mqtt://127.0.0.1:${port}`, maxConnectionAttempts: 1 });
    await expect(client.connect()).rejects.toThrow(/Cannot connect to mqtt:\/\/127\.0\.0\.1:\d+/);
  });

  it('mqtts:// at a port without TLS', async () => {
    const { url } = await startInProcessBroker();
    const client = createClient({ url: url.replace('mqtt:', 'mqtts:'), maxConnectionAttempts: 1 });
    await expect(client.connect()).rejects.toThrow('Cannot connect to mqtts://');
  });

  it('ws:// at a port for MQTT over TCP', async () => {
    const { url } = await startInProcessBroker();
    await expect(attempt(url.replace('mqtt:', 'ws:'))).rejects.toThrow('; if it is for MQTT over TCP: mqtt://');
  });

  it.each([
    ['of a web server', () => createHttpServer()],
    ['that speaks anything', () => createTcpServer((socket) => void socket.write(Buffer.from('no TLS, no HTTP')))],
  ])('wss:// at a port without TLS, %s', async (_, make) => {
    const port = await portOf(make());
    await expect(attempt(`wss://127.0.0.1:${port}`)).rejects.toThrow(
      `; port ${port} does not seem to use TLS: use ws://`,
    );
  });

  it('wss:// at a port without TLS, whose server closes the connection', async () => {
    const port = await portOf(createTcpServer((socket) => socket.once('data', () => socket.end())));
    await expect(attempt(`wss://127.0.0.1:${port}`)).rejects.toThrow(
      `; if port ${port} does not use TLS: ws://; if it is for MQTT over TCP: mqtt://`,
    );
  });

  it('ws:// at a port whose server does not answer in HTTP', async () => {
    const server = createTcpServer((socket) => socket.end(Buffer.from([0x20, 0x03, 0, 0x81, 0])));
    const port = await portOf(server);
    await expect(attempt(`ws://127.0.0.1:${port}`)).rejects.toThrow(`port ${port} does not speak HTTP: use mqtt://`);
  });

  it.each([
    ['that answers', '404 Not Found'],
    ['that has a page', '200 OK'],
  ])('ws:// at a web server %s', async (_, status) => {
    const server = createTcpServer((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)),
    );
    const url = `ws://127.0.0.1:${await portOf(server)}`;
    await expect(attempt(url)).rejects.toThrow('no WebSocket at this path: give the path of the broker, often /mqtt');
  });

  it('mqtt:// at a port for WebSockets', async () => {
    const server = createHttpServer(); // which answers the CONNECT with 400
    const port = await portOf(server);
    await expect(attempt(`mqtt://127.0.0.1:${port}`)).rejects.toThrow(
      `the server answered with HTTP, not with MQTT; port ${port} is for WebSockets, or of a web server: use ws://, or another port`,
    );
  });

  const closed = new Error('the network connection was closed');

  it.each([
    [closed, 'mqtt', 8883, 'port 8883 is usually for TLS: use mqtts://'],
    [withCode('ECONNRESET'), 'ws', 443, 'port 443 is usually for TLS: use wss://'],
    [withCode('ECONNRESET'), 'mqtts', 1883, 'port 1883 does not seem to use TLS: use mqtt://'],
    [
      withCode('EPROTO', 'ssl3_get_record:wrong version number'),
      'mqtts',
      7,
      'port 7 does not seem to use TLS: use mqtt://',
    ],
    [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), 'mqtts', 8883, 'set the certificate of its CA: ca: readFileSync(path)'],
    [
      withCode('ERR_TLS_CERT_ALTNAME_INVALID'),
      'mqtts',
      8883,
      'connect to a host name in its certificate, or set servername',
    ],
    [withCode('ENOTFOUND'), 'mqtt', 1883, 'check the host name'],
    [withCode('ECONNREFUSED'), 'mqtt', 8883, 'is a broker listening there? Check url'],
    [closed, 'mqtt', 1883, undefined],
    [closed, 'mqtts', 8883, undefined],
    [withCode('ECONNRESET'), 'mqtt', 7, 'if port 7 uses TLS: mqtts://'],
    [withCode('ECONNRESET'), 'wss', 7, 'if port 7 does not use TLS: ws://; if it is for MQTT over TCP: mqtts://'],
    [withCode('ECONNRESET'), 'ws', 1883, 'port 1883 is usually for MQTT over TCP: use mqtt://'],
    [withCode('ECONNRESET'), 'wss', 8883, 'port 8883 is usually for MQTT over TCP: use mqtts://'],
    [new Error('Unexpected server response: 403'), 'ws', 80, undefined],
    [withCode('ECONNREFUSED'), 'mqtt', 7, 'is a broker listening there? Check url'],
  ] as const)('%s, %s, port %i: %s', (error, protocol, port, hint) => {
    expect(connectHint(error, { protocol, port, host: 'b', path: undefined })).toBe(hint);
  });
});
