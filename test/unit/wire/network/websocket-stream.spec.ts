import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import { CertificateAuthority, type Certificate } from '../../../support/certificates.js';
import { within } from '../../../support/deadline.js';
import { describeWhereInstalled } from '../../../support/executables.js';
import { deepFrozen } from '../../options/problems.js';
import { listen, open } from '../connection/network-peer.js';

interface Request {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** @returns its port, and the requests that it is going to see */
async function start(onSocket: (socket: WebSocket) => void = echo): Promise<{ port: number; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (socket, { url, headers }) => {
    requests.push({ url, headers });
    onSocket(socket);
  });
  return { port: await listen(server), requests };
}

function withoutSubProtocol(): Server {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => false });
  return server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, echo));
}

function echo(socket: WebSocket): void {
  socket.on('message', (message) => socket.send(message));
}

describe('a WebSocket (section 6)', () => {
  it('asks for the sub-protocol mqtt and the path, with what wsOptions adds', async () => {
    const { port, requests } = await start();
    const mqtt = deepFrozen({ wsOptions: { headers: { 'x-token': 'abc' } } });
    const opened = await open({ endpoint: { protocol: 'ws', port, path: '/mqtt?a=b' }, mqtt });
    opened.stream.write('x');
    await opened.bytes(1);
    expect(requests).toMatchObject([
      { url: '/mqtt?a=b', headers: { 'sec-websocket-protocol': 'mqtt', 'x-token': 'abc', host: `127.0.0.1:${port}` } },
    ]);
  });

  it('goes to an IPv6 address, at / by default', async () => {
    const server = createServer();
    const asked = new Promise((resolve) =>
      new WebSocketServer({ server }).on('connection', (_, { url }) => resolve(url)),
    );
    const port = await listen(server, '::1');
    await open({ endpoint: { protocol: 'ws', host: '::1', port } });
    expect(await within(asked, 'the connection')).toBe('/');
  });

  it('goes where transformWsUrl says, which may change a copy of the options', async () => {
    const { port, requests } = await start();
    const seen: unknown[] = [];
    const mqtt = deepFrozen({
      keepalive: 7,
      wsOptions: { headers: { a: '1' } },
      transformWsUrl: (url: string, options: { wsOptions: ClientOptions }) => {
        seen.push(url, { ...options });
        options.wsOptions.headers = { b: '2' };
        return `${url}?signature=xyz`;
      },
    });
    const opened = await open({ endpoint: { protocol: 'ws', port, path: '/mqtt' }, mqtt });
    opened.stream.write('x');
    await opened.bytes(1);
    const address = { protocol: 'ws', host: '127.0.0.1', hostname: '127.0.0.1', port, path: '/mqtt' };
    expect(seen).toMatchObject([`ws://127.0.0.1:${port}/mqtt`, { ...address, keepalive: 7 }]);
    expect(requests).toMatchObject([{ url: '/mqtt?signature=xyz', headers: { b: '2' } }]);
    expect(mqtt.wsOptions).toEqual({ headers: { a: '1' } });
  });

  it('is made by createWebsocket where there is one', async () => {
    const { port } = await start();
    const seen: unknown[] = [];
    const mqtt = deepFrozen({
      createWebsocket: (url: string, protocols: string[], options: object) => {
        seen.push(url, protocols, options);
        return new WebSocket(url, protocols);
      },
    });
    const opened = await open({ endpoint: { protocol: 'ws', port, path: '/own' }, mqtt });
    opened.stream.write('hello');
    expect((await opened.bytes(5)).toString()).toBe('hello');
    expect(seen).toMatchObject([`ws://127.0.0.1:${port}/own`, ['mqtt'], { port, path: '/own' }]);
  });

  it('rejects with what createWebsocket throws', async () => {
    const failure = new Error('not today');
    const createWebsocket = (): never => {
      throw failure;
    };
    await expect(open({ endpoint: { protocol: 'ws' }, mqtt: { createWebsocket } })).rejects.toBe(failure);
  });

  it('ends with an error over a text frame, which nobody is given [MQTT-6.0.0-1]', async () => {
    let status: Promise<unknown> | undefined;
    const { port } = await start((socket) => {
      status = once(socket, 'close');
      socket.send('text');
      socket.send(Buffer.from('bytes'));
    });
    const opened = await open({ endpoint: { protocol: 'ws', port } });
    await opened.closed;
    expect(opened.errors.map(({ message }) => message)).toEqual([expect.stringContaining('WebSocket frame')]);
    expect(opened.received).toHaveLength(0);
    await within(status!, 'the server to see the end');
  });

  it.each(['arraybuffer', 'fragments'] as const)(
    'ends with an error over %s from a WebSocket of others',
    async (type) => {
      const { port } = await start((socket) => socket.send(Buffer.from('bytes')));
      const createWebsocket = (url: string, protocols: string[]): WebSocket => {
        const socket = new WebSocket(url, protocols);
        socket.binaryType = type;
        return socket;
      };
      const opened = await open({ endpoint: { protocol: 'ws', port }, mqtt: { createWebsocket } });
      await opened.closed;
      expect(opened.errors.map(({ message }) => message)).toEqual([expect.stringContaining('WebSocket frame')]);
      expect(opened.received).toHaveLength(0);
    },
  );

  it.each([
    ['does not upgrade', () => createServer((_, answer) => answer.writeHead(401).end()), 'response: 401'],
    ['does not know the sub-protocol', withoutSubProtocol, 'no subprotocol'],
  ] as const)('ends with an error when the server %s', async (_, create, reason) => {
    const port = await listen(create());
    const opened = await open({ endpoint: { protocol: 'ws', port } });
    opened.stream.write('never sent');
    await opened.closed;
    expect(opened.errors.map(({ message }) => message)).toEqual([expect.stringContaining(reason)]);
  });

  it('closes without an error when the server does', async () => {
    const { port } = await start((socket) => socket.close());
    const opened = await open({ endpoint: { protocol: 'ws', port } });
    await opened.closed;
    expect(opened.errors).toEqual([]);
  });
});

async function startTls({ cert, key }: Certificate, options: object = {}): Promise<number> {
  const server = createTlsServer({ cert, key, ...options });
  new WebSocketServer({ server }).on('connection', echo);
  return listen(server);
}

describeWhereInstalled(['openssl'], 'a WebSocket over TLS', () => {
  let authority: CertificateAuthority;
  let [good, named, identity] = [] as unknown as [Certificate, Certificate, Certificate];
  beforeAll(async () => {
    authority = await CertificateAuthority.found();
    good = await authority.issue({ name: '127.0.0.1' });
    named = await authority.issue({ name: 'localhost' });
    identity = await authority.issue({ name: 'orders-service' });
  });
  afterAll(() => authority.close());

  it('takes the TLS options from beside wsOptions, and from within first', async () => {
    const port = await startTls(good, { requestCert: true, ca: authority.certificate.cert });
    const { cert, key } = identity;
    const ca = authority.certificate.cert.toString();
    const options = [
      { ca, cert, key },
      { ca: 'none', cert: 'none', key: 'none', wsOptions: { ca, cert, key } },
      { cert, key, rejectUnauthorized: false },
    ];
    for (const mqtt of options.map((option) => deepFrozen(option))) {
      const opened = await open({ endpoint: { protocol: 'wss', port }, mqtt });
      opened.stream.write('hello');
      expect((await opened.bytes(5)).toString()).toBe('hello');
    }
  });

  it.each<[string, () => [Certificate, object], RegExp]>([
    ['is of an unknown authority', () => [good, {}], /unable to verify the first certificate/],
    ['is for another host', () => [named, { ca: authority.certificate.cert }], /is not in the cert's list/],
  ])('ends when the certificate %s, and says so', async (_, given, reason) => {
    const [certificate, mqtt] = given();
    const opened = await open({ endpoint: { protocol: 'wss', port: await startTls(certificate) }, mqtt });
    opened.stream.write('never sent');
    await opened.closed;
    expect(opened.errors.map(({ message }) => message)).toEqual([expect.stringMatching(reason)]);
  });
});
