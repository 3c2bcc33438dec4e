import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Endpoint } from '../../../../lib/wire/network/endpoints.js';
import { READ_BUFFER_BYTES } from '../../../../lib/wire/network/incoming-bytes.js';
import { CertificateAuthority, type Certificate } from '../../../support/certificates.js';
import { eventually, within } from '../../../support/deadline.js';
import { describeWhereInstalled } from '../../../support/executables.js';
import { freePort } from '../../../support/free-port.js';
import { deepFrozen } from '../../options/problems.js';
import { CARRIER_NAMES, CARRIERS } from './carriers.js';
import { echo, listenTcp, open, openHandles, type Opened } from '../connection/network-peer.js';

const MEGABYTE = 1_000_000;
/** More than what other tests may still be closing. */
const ATTEMPTS = 20;

describeWhereInstalled(['openssl'], 'a network connection over', () => {
  let authority: CertificateAuthority;
  let server: Certificate;
  beforeAll(async () => {
    authority = await CertificateAuthority.found();
    server = await authority.issue({ name: '127.0.0.1' });
  });
  afterAll(() => authority.close());

  /** A connection over that carrier, and the server's end of it. */
  async function connected(
    carrier: keyof typeof CARRIERS,
    onBytes?: (bytes: Buffer) => void,
  ): Promise<[Opened, Duplex]> {
    const { ca, accepted } = { ca: authority.certificate.cert, accepted: newAccept() };
    const { endpoint, mqtt } = await CARRIERS[carrier](accepted.accept, { server, ca });
    const opened = await open({ endpoint, mqtt: Object.freeze(mqtt), ...(onBytes && { onBytes }) });
    return [opened, await within(accepted.stream, 'the server to accept')];
  }

  describe.each(CARRIER_NAMES)('%s', (carrier) => {
    it('carries what is written before it is there, and what comes back, byte for byte', async () => {
      const { endpoint, mqtt } = await CARRIERS[carrier](echo, { server, ca: authority.certificate.cert });
      const opened = await open({ endpoint, mqtt });
      const sent = randomBytes(MEGABYTE);
      for (let at = 0; at < sent.length; at += 99_999) opened.stream.write(sent.subarray(at, at + 99_999));
      expect(sent.equals(await opened.bytes(sent.length))).toBe(true);
    });

    it('sends what is written, and then ends', async () => {
      const [opened, peer] = await connected(carrier);
      peer.resume();
      const ended = within(once(peer, 'end'), 'the peer to see the end');
      opened.stream.end('last');
      await ended;
      await opened.closed;
      expect(opened.errors).toEqual([]);
    });

    it('closes without an error when the other side ends it, once everything has come', async () => {
      const [opened, peer] = await connected(carrier);
      const sent = randomBytes(MEGABYTE);
      peer.end(sent);
      await opened.closed;
      expect(opened.received.equals(sent)).toBe(true);
      expect(opened.errors).toEqual([]);
    });

    it('reads nothing between pause() and resume()', async () => {
      const [opened, peer] = await connected(carrier);
      const [other, otherPeer] = await connected(carrier);
      opened.stream.write('x'); // the connection is there on both sides once this is read
      await once(peer, 'data');
      opened.stream.pause();
      peer.write('for later');
      for (const length of [1, 2, 3]) {
        otherPeer.write('x');
        await other.bytes(length); // came after what is held up
      }
      expect(opened.received.toString()).toBe('');
      opened.stream.resume();
      expect((await opened.bytes(9)).toString()).toBe('for later');
    });

    it('ends with what the receiver throws, and does not call it again', async () => {
      const failure = new Error('the receiver is broken');
      let calls = 0;
      const [opened, peer] = await connected(carrier, () => {
        calls++;
        throw failure;
      });
      peer.on('error', () => {}); // reset, with bytes under way
      peer.write(randomBytes(MEGABYTE));
      await opened.closed;
      expect(opened.errors).toEqual([failure]);
      expect(calls).toBe(1);
    });

    it.each(['while connecting', 'connected'])('leaves nothing behind when it is destroyed %s', async (when) => {
      const { endpoint, mqtt } = await CARRIERS[carrier](echo, { server, ca: authority.certificate.cert });
      const before = openHandles();
      for (let i = 0; i < ATTEMPTS; i++) {
        const opened = await open({ endpoint, mqtt });
        opened.stream.write('x');
        if (when === 'connected') await opened.bytes(1);
        opened.stream.destroy();
        await opened.closed;
        expect(opened.errors).toEqual([]);
      }
      await eventually(() => openHandles() <= before, 'no connection is left');
    });
  });

  it.each(['TCP', 'a Unix domain socket', 'TLS'] as const)('%s is read into one buffer', async (carrier) => {
    const buffers = new Set<ArrayBufferLike>();
    const [opened, peer] = await connected(carrier, ({ buffer }) => buffers.add(buffer));
    peer.write(randomBytes(3 * READ_BUFFER_BYTES));
    await opened.bytes(3 * READ_BUFFER_BYTES);
    expect([...buffers].map(({ byteLength }) => byteLength)).toEqual([READ_BUFFER_BYTES]);
  });

  it.each([true, false])('each of these sets TCP_NODELAY as wished (%s)', async (noDelay) => {
    const set = jest.spyOn(Socket.prototype, 'setNoDelay');
    try {
      for (const carrier of CARRIER_NAMES) {
        const { endpoint, mqtt } = await CARRIERS[carrier](echo, { server, ca: authority.certificate.cert });
        set.mockClear();
        const opened = await open({ endpoint, mqtt, noDelay });
        opened.stream.write('x');
        await opened.bytes(1);
        expect([carrier, set.mock.lastCall]).toEqual([carrier, [noDelay]]);
      }
    } finally {
      set.mockRestore();
    }
  });
});

describe('a network connection that does not come about', () => {
  it.each(['mqtt', 'mqtts', 'ws', 'wss'] as const)('%s to a port where nobody listens', async (protocol) => {
    const opened = await open({ endpoint: { protocol, port: await freePort() } });
    opened.stream.write('never sent');
    await opened.closed;
    expect(opened.errors).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  it.each<Partial<Endpoint>>([
    { path: '/nowhere/broker' },
    { host: '255.255.255.255' },
    { protocol: 'mqtts', host: '255.255.255.255' },
    { protocol: 'ws', host: '255.255.255.255' },
    { protocol: 'wss', host: '255.255.255.255' },
  ])('to %j, which fails at once, is heard of by who has awaited it', async (endpoint) => {
    const opened = await new Promise<Opened>((resolve) => setImmediate(() => resolve(open({ endpoint }))));
    await opened.closed;
    expect(opened.errors).toMatchObject([{ syscall: 'connect' }]);
  });

  it.each(['mqtts', 'ws', 'wss'] as const)('%s to a server that does not answer', async (protocol) => {
    let heard!: (socket: Socket) => void;
    const hearing = new Promise<Socket>((resolve) => (heard = resolve));
    const port = await listenTcp((socket) => socket.once('data', () => heard(socket)));
    const opened = await open({ endpoint: { protocol, port } });
    opened.stream.write('never sent');
    const peer = await within(hearing, 'the handshake to begin');
    const hungUp = once(peer, 'close');
    expect(opened.stream.destroyed).toBe(false);
    opened.stream.destroy();
    await opened.closed;
    await within(hungUp, 'the connection to end');
    expect(opened.errors).toEqual([]);
  });

  it.each(['mqtts', 'ws', 'wss'] as const)('%s to a server that hangs up', async (protocol) => {
    const port = await listenTcp((socket) => socket.once('data', () => socket.end()));
    const opened = await open({ endpoint: { protocol, port } });
    opened.stream.write('never sent');
    await opened.closed;
    expect(opened.errors).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it('wss with a certificate that is none', async () => {
    const opened = await open({ endpoint: { protocol: 'wss' }, mqtt: { cert: 'none' } });
    await opened.closed;
    expect(opened.errors).toMatchObject([{ code: 'ERR_OSSL_PEM_NO_START_LINE' }]);
  });

  it.each([
    ['mqtts', { cert: 'none' }, 'no start line'],
    ['ws', { transformWsUrl: () => 'none' }, 'Invalid URL'],
    ['mqtt', { socksProxy: 'none' }, 'SOCKS'],
  ] as const)('%s with the option %j, which cannot be used', async (protocol, mqtt, problem) => {
    await expect(open({ endpoint: { protocol }, mqtt: deepFrozen(mqtt) })).rejects.toThrow(problem);
  });
});

/** Takes the first connection of a server. */
function newAccept(): { accept(stream: Duplex): void; stream: Promise<Duplex> } {
  let accept!: (stream: Duplex) => void;
  const stream = new Promise<Duplex>((resolve) => (accept = resolve));
  return { accept, stream };
}
