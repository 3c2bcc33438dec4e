import { once } from 'node:events';
import type { TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CertificateAuthority, type Certificate } from '../../../support/certificates.js';
import { within } from '../../../support/deadline.js';
import { describeWhereInstalled } from '../../../support/executables.js';
import { deepFrozen } from '../../options/problems.js';
import { listenTcp, open } from '../connection/network-peer.js';
import { TlsEcho } from './tls-echo.js';

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

describeWhereInstalled(['openssl'], 'a TLS connection', () => {
  let authority: CertificateAuthority;
  let [good, named, expired, identity] = [] as unknown as [Certificate, Certificate, Certificate, Certificate];
  beforeAll(async () => {
    authority = await CertificateAuthority.found();
    good = await authority.issue({ name: '127.0.0.1' });
    named = await authority.issue({ name: 'localhost' });
    expired = await authority.issue({ name: '127.0.0.1', expired: true });
    identity = await authority.issue({ name: 'orders-service' });
  });
  afterAll(() => authority.close());

  const ca = (): Buffer => authority.certificate.cert;

  describe.each(VERSIONS)('by %s', (version) => {
    it.each<[string, () => [Certificate, object], RegExp]>([
      ['is of an unknown authority', () => [good, {}], /unable to verify the first certificate/],
      ['is for another host', () => [named, { ca: ca() }], /IP: 127\.0\.0\.1 is not in the cert's list/],
      ['has expired', () => [expired, { ca: ca() }], /certificate has expired/],
      [
        'is for another name',
        () => [good, { ca: ca(), servername: 'b.example' }],
        /Host: b\.example\. is not cert's CN/,
      ],
    ])('ends when the certificate %s, says so, and sends nothing', async (_, given, reason) => {
      const [certificate, mqtt] = given();
      const server = await TlsEcho.start(certificate);
      const endpoint = { protocol: 'mqtts', port: server.port } as const;
      const opened = await open({ endpoint, mqtt: { ...mqtt, minVersion: version, maxVersion: version } });
      opened.stream.write('a password');
      await opened.closed;
      expect(opened.errors.map(({ message }) => message)).toEqual([expect.stringMatching(reason)]);
      await server.ended(1);
      expect(server.received).toBe('');
    });

    it('takes any certificate where that is wished', async () => {
      const server = await TlsEcho.start(expired);
      const mqtt = { rejectUnauthorized: false, minVersion: version, maxVersion: version };
      const opened = await open({ endpoint: { protocol: 'mqtts', port: server.port }, mqtt });
      opened.stream.write('hello');
      expect((await opened.bytes(5)).toString()).toBe('hello');
      expect(server.accepted[0]!.getProtocol()).toBe(version);
    });

    it('shows a client certificate, without which a server that asks for one refuses', async () => {
      const server = await TlsEcho.start(good, { requestCert: true, ca: ca() });
      const endpoint = { protocol: 'mqtts', port: server.port } as const;
      const versions = { minVersion: version, maxVersion: version };
      const { cert, key } = identity;
      const opened = await open({ endpoint, mqtt: deepFrozen({ ca: ca().toString(), cert, key, ...versions }) });
      opened.stream.write('hello');
      await opened.bytes(5);
      expect(server.accepted[0]!.getPeerCertificate().subject.CN).toBe('orders-service');

      const refused = await open({ endpoint, mqtt: { ca: ca(), ...versions } });
      refused.stream.write('hello');
      await refused.closed;
      expect(refused.errors).toMatchObject([{ code: expect.stringMatching(/ALERT|EPROTO|EPIPE|ECONNRESET/) }]);
    });
  });

  it('names the host, unless it is an address or there is another name, and offers ALPN', async () => {
    const seen: string[] = [];
    const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
      seen.push(name);
      done(null);
    };
    const server = await TlsEcho.start(named, { SNICallback, ALPNProtocols: ['mqtt'] });
    const endpoint = { protocol: 'mqtts', port: server.port } as const;
    const unchecked = { rejectUnauthorized: false, ALPNProtocols: ['x-other', 'mqtt'] };
    const connect = async (host: string, mqtt: object): Promise<void> => {
      const opened = await open({ endpoint: { ...endpoint, host }, mqtt });
      opened.stream.write('x');
      await opened.bytes(1);
    };
    await connect('localhost', { ca: ca() });
    await connect('127.0.0.1', unchecked);
    await connect('127.0.0.1', { ...unchecked, servername: 'b.example' });
    expect(seen).toEqual(['localhost', 'b.example']);
    expect(server.accepted.map(({ alpnProtocol }) => alpnProtocol)).toEqual([false, 'mqtt', 'mqtt']);
  });

  it('goes to the endpoint, whatever address is among the options', async () => {
    const server = await TlsEcho.start(good);
    const mqtt = {
      ca: ca(),
      host: 'unknown.invalid',
      hostname: 'unknown.invalid',
      port: 1,
      path: '/nowhere',
      timeout: 1,
    };
    const opened = await open({ endpoint: { protocol: 'mqtts', port: server.port }, mqtt });
    opened.stream.write('hello');
    expect((await opened.bytes(5)).toString()).toBe('hello');
  });

  it('goes on to the next address of a host', async () => {
    const server = await TlsEcho.start(named);
    const addresses = [
      { address: '::1', family: 6 }, // nobody listens there
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup = (_: string, __: object, done: (error: null, found: typeof addresses) => void): void =>
      done(null, addresses);
    const endpoint = { protocol: 'mqtts', host: 'localhost', port: server.port } as const;
    const opened = await open({ endpoint, mqtt: { ca: ca(), lookup } });
    opened.stream.write('hello');
    expect((await opened.bytes(5)).toString()).toBe('hello');
  });

  it('says so when the other side does not speak TLS', async () => {
    const port = await listenTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const opened = await open({ endpoint: { protocol: 'mqtts', port } });
    opened.stream.write('never sent');
    await opened.closed;
    expect(opened.errors.map(({ message }) => message)).toEqual([expect.stringContaining('wrong version number')]);
  });

  it('ends in order when it is ended before it is there', async () => {
    const server = await TlsEcho.start(good);
    const opened = await open({ endpoint: { protocol: 'mqtts', port: server.port }, mqtt: { ca: ca() } });
    const finished = within(once(opened.stream, 'finish'), 'the end to be sent');
    opened.stream.end('hello');
    await finished;
    await opened.closed;
    expect(opened.received.toString()).toBe('hello');
    expect(opened.errors).toEqual([]);
  });
});
