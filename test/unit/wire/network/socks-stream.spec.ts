import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../../../lib/wire/network/endpoints.js';
import { socksProxyOf } from '../../../../lib/wire/network/socks-stream.js';
import { CertificateAuthority } from '../../../support/certificates.js';
import { closeAfterTest } from '../../../support/closing.js';
import { within } from '../../../support/deadline.js';
import { describeWhereInstalled } from '../../../support/executables.js';
import { freePort } from '../../../support/free-port.js';
import { echo, listenTcp, open } from '../connection/network-peer.js';
import { startSocksProxy } from './socks-proxy.js';
import { TlsEcho } from './tls-echo.js';

const VARIABLE = 'MQTTJS_SOCKS_PROXY';
afterEach(() => {
  delete process.env[VARIABLE];
});

describe('a connection through a SOCKS proxy', () => {
  it.each([
    ['socks5', 'localhost', { version: 5, host: expect.stringMatching(/^127\.0\.0\.1$|^0{31}1$/) }],
    ['socks5', '127.0.0.1', { version: 5, host: '127.0.0.1' }],
    ['socks5h', 'broker.invalid', { version: 5, host: 'broker.invalid' }],
    ['socks4', 'localhost', { version: 4, host: '127.0.0.1' }],
    ['socks4a', 'broker.invalid', { version: 4, host: 'broker.invalid' }],
  ])('%s to %s', async (protocol, host, expected) => {
    const proxy = await startSocksProxy(await listenTcp(echo));
    const mqtt = Object.freeze({ socksProxy: `${protocol}://127.0.0.1:${proxy.port}` });
    const opened = await open({ endpoint: { host, port: 1884 }, mqtt });
    opened.stream.write('hello');
    expect((await opened.bytes(5)).toString()).toBe('hello');
    expect(proxy.requests).toEqual([{ ...expected, port: 1884 }]);
  });

  it('is that of the environment, unless an option says otherwise', async () => {
    const target = await listenTcp(echo);
    const [usual, other] = [await startSocksProxy(target), await startSocksProxy(target)];
    process.env[VARIABLE] = `socks5://127.0.0.1:${usual.port}`;
    for (const mqtt of [{}, { socksProxy: `socks5://127.0.0.1:${other.port}` }, { socksProxy: '' }]) {
      const opened = await open({ endpoint: { port: target }, mqtt });
      opened.stream.write('x');
      await opened.bytes(1);
    }
    expect([usual.requests.length, other.requests.length]).toEqual([1, 1]);
  });

  it.each<Partial<Endpoint>>([{ path: '/run/broker' }, { protocol: 'ws', path: '/' }, { protocol: 'wss', path: '/' }])(
    'is not for %j',
    (endpoint) => {
      const whole: Endpoint = { protocol: 'mqtt', host: 'b', port: 1, path: undefined, ...endpoint };
      expect(socksProxyOf(whole, { socksProxy: 'socks5://proxy:1080' })).toBeUndefined();
    },
  );

  it('is not begun any more when it is given up at once', async () => {
    const proxy = await startSocksProxy(await listenTcp(echo));
    const mqtt = { socksProxy: `socks5://127.0.0.1:${proxy.port}` };
    (await open({ endpoint: { host: 'localhost', port: 1 }, mqtt })).stream.destroy();
    const next = await open({ endpoint: { port: 2 }, mqtt });
    next.stream.write('x');
    await next.bytes(1);
    expect(proxy.requests).toMatchObject([{ port: 2 }]);
  });

  it('begins with what the other side says first', async () => {
    const proxy = await startSocksProxy(await listenTcp((socket) => void socket.write('welcome')));
    const opened = await open({ endpoint: {}, mqtt: { socksProxy: `socks5://127.0.0.1:${proxy.port}` } });
    expect((await opened.bytes(7)).toString()).toBe('welcome');
  });

  it.each(['socks5', 'socks4'])('ends with an error when the proxy (%s) refuses', async (protocol) => {
    const proxy = await startSocksProxy(1, { refuses: true });
    const opened = await open({ endpoint: {}, mqtt: { socksProxy: `${protocol}://127.0.0.1:${proxy.port}` } });
    opened.stream.write('never sent');
    await opened.closed;
    expect(opened.errors.map(({ message }) => message)).toEqual([expect.stringMatching(/proxy rejected connection/i)]);
  });

  it('ends with an error when there is no proxy', async () => {
    const opened = await open({ endpoint: {}, mqtt: { socksProxy: `socks5://127.0.0.1:${await freePort()}` } });
    opened.stream.write('never sent');
    await opened.closed;
    expect(opened.errors).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  it('ends with an error when the host cannot be found', async () => {
    const proxy = await startSocksProxy(1);
    const mqtt = { socksProxy: `socks5://127.0.0.1:${proxy.port}` };
    const opened = await open({ endpoint: { host: 'unknown.invalid' }, mqtt });
    await opened.closed;
    expect(opened.errors).toMatchObject([{ syscall: 'getaddrinfo' }]);
    expect(proxy.requests).toEqual([]);
  });

  it('ends with an error when the proxy does not answer within socksTimeout', async () => {
    const port = await listenTcp((socket) => socket.resume());
    const mqtt = { socksProxy: `socks5://127.0.0.1:${port}`, socksTimeout: 50 };
    const opened = await open({ endpoint: {}, mqtt });
    await opened.closed;
    expect(opened.errors.map(({ message }) => message)).toEqual(['Proxy connection timed out']);
  });

  it('can be given up while the proxy does not answer', async () => {
    let heard!: (socket: Socket) => void;
    const hearing = new Promise<Socket>((resolve) => (heard = resolve));
    const port = await listenTcp((socket) => socket.once('data', () => heard(socket)));
    const opened = await open({ endpoint: {}, mqtt: { socksProxy: `socks5://127.0.0.1:${port}` } });
    const hungUp = once(await within(hearing, 'the greeting'), 'close');
    opened.stream.write('never sent');
    opened.stream.destroy();
    await opened.closed;
    await within(hungUp, 'the connection to the proxy to end');
    expect(opened.errors).toEqual([]);
  });

  it.each([
    'http://proxy:1080',
    'socks5://proxy',
    'socks5://user:secret@proxy:1080/path',
    'socks5://proxy:1080?a=b',
    'proxy:1080',
  ])('is refused when its URL says something else: %s', async (socksProxy) => {
    const opening = open({ endpoint: {}, mqtt: { socksProxy } });
    await expect(opening).rejects.toThrow('SOCKS proxy');
    await expect(opening).rejects.not.toThrow('secret');
  });
});

describeWhereInstalled(['openssl'], 'TLS through a SOCKS proxy', () => {
  it('is checked against the host behind it', async () => {
    const authority = await CertificateAuthority.found();
    closeAfterTest(() => authority.close());
    const server = await TlsEcho.start(await authority.issue({ name: '10.0.0.7' }));
    const proxy = await startSocksProxy(server.port);
    const mqtt = { ca: authority.certificate.cert, socksProxy: `socks5://127.0.0.1:${proxy.port}` };

    const opened = await open({ endpoint: { protocol: 'mqtts', host: '10.0.0.7' }, mqtt });
    opened.stream.write('hello');
    expect((await opened.bytes(5)).toString()).toBe('hello');

    const other = await open({ endpoint: { protocol: 'mqtts', host: '10.0.0.8' }, mqtt });
    other.stream.write('a password');
    await other.closed;
    expect(other.errors.map(({ message }) => message)).toEqual([expect.stringContaining('IP: 10.0.0.8 is not in')]);
    await server.ended(1);
    expect(server.received).toBe('hello');
  });
});
