import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MqttCredentials } from '../../../lib/index.js';
import { MqttBroker } from '../../../lib/testing/index.js';
import { CertificateAuthority } from '../../support/certificates.js';
import { closeAfterTest } from '../../support/closing.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { logs } from '../../support/logs.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

describe('credentials() before each connection', () => {
  it.each([{ given: 'option' }, { given: 'credentials()' }])(
    'a password without a user name, by $given',
    async ({ given }) => {
      const seen: unknown[] = [];
      const { broker, url } = await startInProcessBroker({
        authenticate: ({ username, password }) => (seen.push([username, String(password)]), true),
      });
      const own = given === 'option' ? { password: 'p' } : { credentials: () => ({ password: 'p' }) };
      const client = createClient({
        ...connectionTo(url),
        clientId: 'me',
        ...own,
        properties: { userProperties: { a: 'b' } },
      });
      await client.connect();
      const again = broker.waitFor('connect');
      broker.faults.drop('me');
      await again;
      expect(seen).toEqual([
        [undefined, 'p'],
        [undefined, 'p'],
      ]);
    },
  );

  it.each<[string, unknown, RegExp, (4 | 5)?]>([
    ['nothing', undefined, /credentials\(\): it did not return an object/],
    ['an unknown name', { user: 'x' }, /credentials\(\)\.user: it is not a credential/],
    ['a number for a user name', { username: 7 }, /credentials\(\)\.username: it is a number\. Give a string\./],
    ['an object for a password', { username: 'x', password: {} }, /credentials\(\)\.password: it is an object\. Give/],
    ['a certificate without TLS', { cert: 'x' }, /credentials\(\)\.cert: the connection is not made over TLS/],
    ['Authentication Data without a method', { authenticationData: Buffer.from('x') }, /no Authentication Method/],
    ['a password alone on 3.1.1', { password: 'secret' }, /\[MQTT-3\.1\.2-22\]/, 4],
  ])('%s is refused by its name', async (_, given, says, version = 5) => {
    const { url } = await startInProcessBroker();
    const credentials = () => given as MqttCredentials;
    const client = createClient({ ...connectionTo(url, version), credentials, maxConnectionAttempts: 1 });
    const error: unknown = await client.connect().catch((caught: unknown) => caught);
    const told = [String(error), String((error as Error).cause), ...logs.entries.map(({ message }) => message)].join(
      '\n',
    );
    expect(told).toMatch(says);
    expect(told).not.toContain('secret');
  });

  it.each<[string, () => never | Promise<never>, string]>([
    [
      'throws',
      () => {
        throw new Error('the vault is sealed');
      },
      'credentials() failed: the vault is sealed',
    ],
    ['rejects', () => Promise.reject(new Error('the vault is sealed')), 'credentials() failed: the vault is sealed'],
    ['does not settle', () => new Promise(() => {}), 'credentials() failed: it did not answer within 50 ms'],
  ])('%s: the reason is not looked for at the port', async (_, credentials, reason) => {
    const { url } = await startInProcessBroker();
    const client = createClient({ ...connectionTo(url), credentials, connectTimeout: 50, maxConnectionAttempts: 1 });
    await expect(client.connect()).rejects.toThrow(`Cannot connect to ${url} (1 attempt): ${reason}`);
    await expect(client.connect()).rejects.not.toThrow('TLS');
  });

  it('Authentication Data is renewed, and what stands beside it stays', async () => {
    const connects: string[] = [];
    const broker = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => (connects.push(bytes.toString('latin1')), socket.destroy()));
    });
    broker.listen(0, '127.0.0.1');
    await once(broker, 'listening');
    closeAfterTest(() => broker.close());
    let token = 0;
    const client = createClient({
      ...connectionTo(`mqtt://127.0.0.1:${(broker.address() as AddressInfo).port}`),
      credentials: () => ({ authenticationData: Buffer.from(`token ${++token}`) }),
      properties: { authenticationMethod: 'jwt', userProperties: { site: 'north' } },
      maxConnectionAttempts: 2,
    });
    await expect(client.connect()).rejects.toThrow('2 attempts');
    expect(connects).toEqual([expect.stringContaining('token 1'), expect.stringContaining('token 2')]);
    for (const connect of connects) expect(connect).toMatch(/jwt.*north|north.*jwt/s);
  });
});

describeWhereInstalled(['openssl'], 'a client certificate that credentials() gives', () => {
  let authority: CertificateAuthority;
  beforeAll(async () => {
    authority = await CertificateAuthority.found();
  });
  afterAll(() => authority.close());

  it.each([5, 4] as const)('is used for the next connection, with its key (version %i)', async (version) => {
    const ca = authority.certificate.cert;
    const { cert, key } = await authority.issue({ name: '127.0.0.1' });
    const broker = new MqttBroker();
    closeAfterTest(() => broker.close());
    const url = await broker.listen({ tls: { cert, key, requestCert: true, ca } });
    const issued = [await authority.issue({ name: 'old', expired: true }), await authority.issue({ name: 'new' })];
    const asked: unknown[] = [];
    const credentials = (): MqttCredentials => {
      const certificate = issued[Math.min(asked.length, 1)]!;
      asked.push(certificate);
      return { cert: certificate.cert, key: certificate.key };
    };
    const client = createClient({ ...connectionTo(url, version), ca, credentials, maxConnectionAttempts: 3 });
    await client.connect();
    expect(asked.length).toBeGreaterThanOrEqual(2);
  });
});
