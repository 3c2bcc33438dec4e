/* oxlint-disable jest/expect-expect -- in `answers`, or `connect()` would have rejected */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MqttConnectionOptions } from '../../../lib/index.js';
import { MqttBroker, type ConnectRequest } from '../../../lib/testing/index.js';
import { CertificateAuthority, type Certificate } from '../../support/certificates.js';
import { closeAfterTest } from '../../support/closing.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { freePort } from '../../support/free-port.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startMosquitto } from '../../support/test-broker.js';
import { newScene } from '../lifecycle/scene.js';

/** One request and its reply over a connection, by server and client. */
async function answers(url: string, options: Partial<MqttConnectionOptions> = {}): Promise<void> {
  const given = { ...connectionTo(url), maxConnectionAttempts: 1, ...options };
  const before = structuredClone({ ...given, ca: undefined, cert: undefined, key: undefined });
  const { controllers } = newScene();
  await startServer(given, { controllers });
  expect((await createClient(given).request('scene/echo', 'there and back')).data).toBe('there and back');
  expect({ ...given, ca: undefined, cert: undefined, key: undefined }).toEqual(before); // not written into
}

async function listening(options: Parameters<MqttBroker['listen']>[0], broker = new MqttBroker()): Promise<string> {
  closeAfterTest(() => broker.close());
  return broker.listen(options);
}

describe('without TLS', () => {
  it('ws, in-process', async () => {
    await answers(await listening({ ws: true }));
  });

  it('IPv6, in the URL, as host and among servers', async () => {
    const url = await listening({ host: '::1' });
    expect(url).toMatch(/^mqtt:\/\/\[::1]:\d+$/);
    await answers(url);
    const port = Number(new URL(url).port);
    const { protocolVersion } = connectionTo(url);
    for (const options of [{ host: '::1', port }, { servers: [{ host: '::1', port }] }]) {
      const client = createClient({ ...options, protocolVersion, maxConnectionAttempts: 1 });
      await client.connect();
      expect(client.health()!.broker).toBe(`mqtt://[::1]:${port}`);
    }
  });

  it.each([
    ['ada', 'lovelace'],
    ['a:d@a/', 'p:w/@#?%ü'],
    ['ada', ''],
  ])('user name and password in the URL, percent-encoded: "%s" "%s"', async (username, password) => {
    const seen: ConnectRequest[] = [];
    const broker = new MqttBroker({ authenticate: (request) => seen.push(request) > 0 });
    const url = new URL(await listening({}, broker));
    const secret = password && `:${encodeURIComponent(password)}`;
    const client = createClient(connectionTo(`mqtt://${encodeURIComponent(username)}${secret}@${url.host}`));
    await client.connect();
    expect(seen.map((request) => [request.username, request.password?.toString() ?? ''])).toEqual([
      [username, password],
    ]);
    expect(client.health()!.broker).toBe(`mqtt://${url.host}`);
  });
});

describeWhereInstalled(['openssl'], 'TLS', () => {
  let authority: CertificateAuthority;
  let [server, named, client] = [] as unknown as Certificate[] as [Certificate, Certificate, Certificate];
  beforeAll(async () => {
    authority = await CertificateAuthority.found();
    server = await authority.issue({ name: '127.0.0.1' });
    named = await authority.issue({ name: 'broker.example' });
    client = await authority.issue({ name: 'orders-service' });
  });
  afterAll(() => authority.close());

  const ca = (): Buffer => authority.certificate.cert;
  const asking = (): object => ({ requestCert: true, rejectUnauthorized: true, ca: ca() });

  it.each([false, true])('with a client certificate, in-process (ws: %s)', async (ws) => {
    const url = await listening({ tls: { cert: server.cert, key: server.key, ...asking() }, ws });
    expect(url).toMatch(ws ? /^wss:/ : /^mqtts:/);
    const { cert, key } = client;
    await answers(url, { ca: ca(), cert, key, ...(ws && { wsOptions: { ca: ca(), cert, key } }) });
  });

  it('servername and ALPNProtocols reach the broker, and the name is checked', async () => {
    const seen: unknown[] = [];
    const broker = new MqttBroker();
    const tls = {
      cert: named.cert,
      key: named.key,
      ALPNCallback: ({ protocols }: { protocols: string[] }) => (seen.push(...protocols), 'mqtt'),
      SNICallback: (name: string, done: (error: Error | null) => void) => {
        seen.push(name);
        done(null);
      },
    };
    const url = await listening({ tls }, broker);
    const caller = createClient({
      ...connectionTo(url),
      ca: ca(),
      servername: 'broker.example',
      ALPNProtocols: ['mqtt'],
      maxConnectionAttempts: 1,
    });
    await caller.connect();
    expect(seen.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual(['broker.example', 'mqtt']);
  });

  it('servers with names of their own: each is checked by its own', async () => {
    const local = await authority.issue({ name: 'localhost' });
    const there = await listening({ tls: { cert: local.cert, key: local.key } });
    const servers = [
      { host: 'unknown.invalid', port: 1 },
      { host: 'localhost', port: Number(new URL(there).port) },
    ];
    const { reconnect } = connectionTo(there);
    const caller = createClient({ servers, protocol: 'mqtts', ca: ca(), reconnect, maxConnectionAttempts: 2 });
    await caller.connect();
  });

  describeWhereInstalled(['mosquitto'], 'of Mosquitto', () => {
    it.each(['mqtts', 'wss', 'ws'] as const)('%s, with a client certificate', async (protocol) => {
      const port = await freePort();
      const secure = [
        `cafile ${authority.certificate.certFile}`,
        `certfile ${server.certFile}`,
        `keyfile ${server.keyFile}`,
        'require_certificate true',
        'use_identity_as_username true',
      ];
      await startMosquitto({
        config: [
          `listener ${port} 127.0.0.1`,
          ...(protocol === 'mqtts' ? [] : ['protocol websockets']),
          ...(protocol === 'ws' ? [] : secure),
        ],
      });
      const { cert, key } = client;
      const tls = protocol === 'ws' ? {} : { ca: ca(), cert, key };
      await answers(`${protocol}://127.0.0.1:${port}`, { ...tls, ...(protocol === 'wss' && { wsOptions: tls }) });
    });
  });
});
