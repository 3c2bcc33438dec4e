import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, MqttRecordBuilder as NestRecordBuilder, Transport } from '@nestjs/microservices';
import { EMPTY, lastValueFrom, of } from 'rxjs';
import {
  AckPolicy,
  ClientMqtt,
  getMqttClientToken,
  MqttModule,
  MqttRecord,
  MqttRecordBuilder,
  MqttResponse,
  MqttSubscription,
  PublishTo,
  ServerMqtt,
  TopicParam,
  type MqttRecordOptions,
} from '../../../lib/index.js';
import { clientOptionsOf, serverOptionsOf } from '../../../lib/module/role-options.js';
import { CertificateAuthority, type Certificate } from '../../support/certificates.js';
import { closeAfterTest } from '../../support/closing.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { logs, transportLogs } from '../../support/logs.js';
import { createClient, moduleOf, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

/** As errors describe it. */
function described(value: unknown): string {
  return Array.isArray(value) ? 'an array' : JSON.stringify(value);
}

/** What was thrown, or rejected, in words. */
async function thrownBy(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

/** As a user would write it in JavaScript, or behind a cast: TypeScript refuses most of it. */
const untyped = <T>(value: unknown): T => value as T;
const server = (options: object) => (): unknown => new ServerMqtt(untyped(options));
const client = (options: object) => (): unknown => new ClientMqtt(untyped(options));
const module = (options: object) => (): unknown => startModule(MqttModule.forRoot(untyped(options)));
const asyncModule = (options: object) => (): unknown => startModule(MqttModule.forRootAsync(untyped(options)));
const useFactory = (): object => ({ url: 'mqtt://b' });

function startModule(imported: DynamicModule): Promise<unknown> {
  return NestFactory.createApplicationContext(moduleOf({ imports: [imported] }), { abortOnError: false });
}

describe('an option that there is not', () => {
  it.each<[string, () => unknown, string]>([
    ['url', server({ urll: 'mqtt://b' }), '- urll: there is no such option. Did you mean "url"?'],
    [
      'subscribeOptions',
      server({ subscribeOption: {} }),
      '- subscribeOption: there is no such option. Did you mean "subscribeOptions"?',
    ],
    [
      'qos of a server',
      server({ subscribeOptions: { Qos: 1 } }),
      '- subscribeOptions.Qos: there is no such option. Did you mean "qos"?',
    ],
    [
      'of the publish options',
      server({ publishOptions: { reatin: true } }),
      '- publishOptions.reatin: there is no such option. Did you mean "retain"?',
    ],
    [
      'no default',
      server({ publishOptions: { contentType: 'a/b' } }),
      '- publishOptions.contentType: there is no such option. Remove it.',
    ],
    [
      'of retry',
      server({ subscribeOptions: { retry: { attempt: 3 } } }),
      '- subscribeOptions.retry.attempt: there is no such option. Did you mean "attempts"?',
    ],
    [
      'of the buffer',
      server({ qos0Buffer: { sizes: 3 } }),
      '- qos0Buffer.sizes: there is no such option. Did you mean "size"?',
    ],
    [
      'of redelivery',
      server({ redelivery: { reconect: true } }),
      '- redelivery.reconect: there is no such option. Did you mean "reconnect"?',
    ],
    [
      'of reconnect',
      client({ reconnect: { initalDelay: 3 } }),
      '- reconnect.initalDelay: there is no such option. Did you mean "initialDelay"?',
    ],
    [
      'of the properties',
      client({ properties: { sessionExpiry: 3 } }),
      '- properties.sessionExpiry: there is no such option. Remove it.',
    ],
    [
      'of the will',
      client({ will: { topic: 'a', paylod: 'x' } }),
      '- will.paylod: there is no such option. Did you mean "payload"?',
    ],
    [
      'of clients, at a server',
      server({ requestTimeout: 5 }),
      '- requestTimeout: there is no such option. It is an option of ClientMqtt and of MqttModule.',
    ],
    [
      'of servers, at a client',
      client({ maxConcurrency: 5 }),
      '- maxConcurrency: there is no such option. It is an option of ServerMqtt and of MqttModule.',
    ],
    [
      'of a subscription, at the top level of a server',
      server({ qos: 1 }),
      '- qos: there is no such option. Give it in subscribeOptions: { qos } for handlers, or in publishOptions: { qos } for replies.',
    ],
    [
      'of a reply, at the top level of a server',
      server({ retain: true }),
      '- retain: there is no such option. Give it in publishOptions: { retain } for replies.',
    ],
    [
      'of handlers, at the top level of a server',
      server({ prefix: 'a/' }),
      '- prefix: there is no such option. Give it in subscribeOptions: { prefix }.',
    ],
    [
      'of a reply, for a handler',
      server({ subscribeOptions: { retain: true } }),
      '- subscribeOptions.retain: there is no such option. For replies, give it in publishOptions: { retain } of the server.',
    ],
    [
      'of a message, at the top level of a client',
      client({ qos: 1, retain: true }),
      '- qos: there is no such option. Give it in publishOptions: { qos }.\n' +
        '  - retain: there is no such option. Give it in publishOptions: { retain }.',
    ],
    [
      'of a message, at the top level of a module',
      module({ qos: 1 }),
      '- qos: there is no such option. Give it in subscribeOptions: { qos } for handlers, or in publishOptions: { qos } for replies.',
    ],
    [
      'of handlers, at the top level of a client',
      client({ ackPolicy: AckPolicy.ACK }),
      '- ackPolicy: there is no such option. It is an option of handlers, and so of ServerMqtt: see subscribeOptions.',
    ],
    ...[server, client, module].map((at): [string, () => unknown, string] => [
      'of the CONNECT, at the top level',
      at({ sessionExpiryInterval: 60, receiveMaximum: 5 }),
      '- sessionExpiryInterval: there is no such option. Give it in properties: { sessionExpiryInterval }, in seconds.\n' +
        '  - receiveMaximum: there is no such option. Give it in properties: { receiveMaximum }.',
    ]),
    ...[server, client, module].map((at): [string, () => unknown, string] => [
      "of Nest's own transport",
      at({ options: { url: 'mqtt://b' } }),
      '- options: there is no such option. Options are flat here: give what is inside it at the top level.',
    ]),
    ...[server, module].map((at): [string, () => unknown, string] => [
      'by which Nest finds its own transport',
      at({ transport: Transport.MQTT }),
      '- transport: there is no such option. Remove it: ServerMqtt takes its place, { strategy: new ServerMqtt({ url }) }, or MqttModule.forRoot({ url }).',
    ]),
    [
      'by which Nest finds its own client',
      client({ transport: Transport.MQTT }),
      '- transport: there is no such option. Remove it: ClientMqtt takes its place, in ClientsModule { customClass: ClientMqtt, options: { url } }.',
    ],
    [
      'of createMicroservice()',
      server({ strategy: {} }),
      '- strategy: there is no such option. It is an option of createMicroservice() and connectMicroservice(): { strategy: new ServerMqtt({ url }) }, or MqttModule.forRoot({ url }).',
    ],
    [
      'of ClientsModule',
      client({ customClass: ClientMqtt }),
      '- customClass: there is no such option. It is an option of ClientsModule: { customClass: ClientMqtt, options: { url } }.',
    ],
    ...[server, client, module].map((at): [string, () => unknown, string] => [
      'for the path of a file',
      at({ caPath: 'ca.pem', keyFile: 'key.pem' }),
      '- caPath: there is no such option. Give ca: readFileSync(path).\n' +
        '  - keyFile: there is no such option. Give key: readFileSync(path).',
    ]),
    ['of nobody', client({ colour: 'red' }), '- colour: there is no such option. Remove it.'],
    [
      'of MqttResponse',
      () => new MqttResponse(1, untyped({ contenType: 'a/b' })),
      '- MqttResponse.contenType: there is no such option. Did you mean "contentType"?',
    ],
    [
      'of @PublishTo',
      () => PublishTo('a', untyped({ qoss: 1 })),
      '- @PublishTo(\'a\').qoss: there is no such option. Did you mean "qos"?',
    ],
    [
      'of @MqttSubscription',
      () => MqttSubscription(untyped({ share: 'g' })),
      '- @MqttSubscription.share: there is no such option. Did you mean "shared"?',
    ],
    [
      'of messages()',
      () => createClient({}).messages('a', untyped({ Qos: 1 })),
      '- messages("a").Qos: there is no such option. Did you mean "qos"?',
    ],
    [
      'of publish()',
      () => createClient({}).publish('a', 1, untyped({ retian: true })),
      '- message to "a".retian: there is no such option. Did you mean "retain"?',
    ],
    [
      'of request()',
      () => createClient({}).request('a', 1, untyped({ timeOut: 5 })),
      '- message to "a".timeOut: there is no such option. Did you mean "timeout"?',
    ],
    [
      'of a record',
      () => createClient({}).publish('a', new MqttRecord(1, untyped({ qus: 1 }))),
      '- message to "a".qus: there is no such option. Did you mean "qos"?',
    ],
    [
      "of Nest's record",
      () =>
        createClient({}).publish(
          'a',
          untyped(Object.assign(new NestRecordBuilder(1).setQoS(1).build(), { options: { Retain: true } })),
        ),
      '- message to "a".Retain: there is no such option. Did you mean "retain"?',
    ],
  ])('%s', async (_, attempt, message) => expect(await thrownBy(attempt)).toContain(message));

  it('deals the options of a module out to both roles', () => {
    const options = {
      negativeAcknowledgements: 'all',
      waitForBroker: false,
      requestTimeout: 5,
      requestFormat: 'plain',
    } as const;
    expect(() => new ServerMqtt(serverOptionsOf(options))).not.toThrow();
    expect(() => new ClientMqtt(clientOptionsOf(options))).not.toThrow();
  });

  it('is found among the extras of a pattern, where it looks like one', async () => {
    @Controller()
    class Handlers {
      @EventPattern<string>('a', { qoss: 1 })
      a(): void {}

      @MessagePattern('b', { maxWorker: 1 })
      b(): void {}
    }

    const message = await thrownBy(() => startServer({}, { controllers: [Handlers] }));
    expect(message).toContain('- \'a\'.qoss: there is no such option. Did you mean "qos"?');
    expect(message).toContain('- \'b\'.maxWorker: there is no such option. Did you mean "maxWorkers"?');
  });

  it.each([
    'keepalive',
    'servername',
    'ALPNProtocols',
    'checkServerIdentity',
    'wsOptions',
    'localAddress',
    'reconnectPeriod',
  ])('but not %s, which MQTT.js or its socket takes', (name) => {
    const options = { [name]: name === 'keepalive' ? 30 : {} };
    expect(server(options)).not.toThrow();
    expect(client(options)).not.toThrow();
  });
});

describe('the options of a module', () => {
  it.each<[string, () => unknown, string]>([
    [
      'the name in what a factory returns',
      asyncModule({ useFactory: () => ({ name: 'plant' }) }),
      '- name: it has no effect in what the factory of forRootAsync() returns. Give it beside the factory: forRootAsync({ name, useFactory }).',
    ],
    [
      'isGlobal in what a class returns',
      asyncModule({
        useClass: class {
          createMqttOptions = (): object => ({ isGlobal: true });
        },
      }),
      '- isGlobal: it has no effect in what the factory of forRootAsync() returns. Give it beside the factory: forRootAsync({ isGlobal, useFactory }).',
    ],
    [
      'a factory that returns nothing',
      asyncModule({ useFactory: () => undefined }),
      '- forRootAsync: its factory did not return an object. Return the options: () => ({ url }).',
    ],
    [
      'options beside a factory',
      asyncModule({ useFactory, url: 'mqtt://b' }),
      '- forRootAsync.url: there is no such option. Give it in what the factory returns.',
    ],
    [
      'a misspelt one beside a factory',
      asyncModule({ useFactory, isGlobl: true }),
      '- forRootAsync.isGlobl: there is no such option. Did you mean "isGlobal"?',
    ],
    [
      'a factory for forRoot()',
      module({ useFactory, inject: [] }),
      '- useFactory: forRoot() has no such option. Use MqttModule.forRootAsync().\n' +
        '  - inject: forRoot() has no such option. Use MqttModule.forRootAsync().',
    ],
  ])('%s', async (_, attempt, message) => expect(await thrownBy(attempt)).toContain(message));

  it('a name that logs and observers use, in what the factory of a named module returns', async () => {
    const { url } = await startInProcessBroker();
    const name = 'plant';
    const given = () => ({ ...connectionTo(url), name: 'the plant' });
    const imports = [MqttModule.forRootAsync({ name, useFactory: given })];
    const app = await NestFactory.createApplicationContext(moduleOf({ imports }));
    closeAfterTest(() => app.close());
    await app.get<ClientMqtt>(getMqttClientToken(name)).connect();
    expect(transportLogs('log')).toEqual([expect.stringContaining('Connected to "the plant" at')]);
  });
});

const pem = (label: string): string => `-----BEGIN ${label}-----\nc2VjcmV0\n-----END ${label}-----\n`;

describeWhereInstalled(['openssl'], 'certificates and keys', () => {
  let authority: CertificateAuthority;
  let one: Certificate;
  let other: Certificate;
  beforeAll(async () => {
    authority = await CertificateAuthority.found();
    [one, other] = [await authority.issue({ name: 'one' }), await authority.issue({ name: 'other' })];
  });
  afterAll(() => authority.close());

  const encrypted = (): string =>
    createPrivateKey(one.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    }) as string;
  const bundle = (): Buffer => Buffer.concat([one.cert, one.key]); // one file with both

  it.each<[string, () => object]>([
    ['a pair', () => ({ ca: [authority.certificate.cert], cert: one.cert, key: one.key })],
    ['one file with both', () => ({ cert: bundle(), key: bundle() })],
    ['an encrypted key', () => ({ cert: one.cert, key: encrypted(), passphrase: 'x' })],
    [
      'an encrypted key with its own passphrase',
      () => ({ cert: one.cert, key: [{ pem: encrypted(), passphrase: 'x' }] }),
    ],
    ['a passphrase from credentials()', () => ({ cert: one.cert, key: encrypted(), credentials: () => ({}) })],
    ['a key from credentials()', () => ({ cert: one.cert, credentials: () => ({ key: one.key }) })],
  ])('%s passes', (_, options) => expect(client(options())).not.toThrow());

  it.each<[string, () => object, string]>([
    [
      'the key of another certificate',
      () => ({ cert: one.cert, key: other.key }),
      '- key: it does not belong to cert (key values mismatch). Give the key of this certificate.',
    ],
    [
      'another passphrase',
      () => ({ cert: one.cert, key: encrypted(), passphrase: 'y' }),
      '- key: OpenSSL cannot read it (bad decrypt). Give the content of the file: readFileSync(path); if it is encrypted, check passphrase.',
    ],
    [
      'a passphrase that is no text',
      () => ({ cert: one.cert, key: encrypted(), passphrase: 5 }),
      '- passphrase: it is a number. Give a string.',
    ],
    [
      'a damaged CA',
      () => ({ ca: [authority.certificate.cert, pem('CERTIFICATE')] }),
      '- ca: OpenSSL cannot read it (too long). Give the content of the file: readFileSync(path).',
    ],
    ['a damaged certificate', () => ({ cert: pem('CERTIFICATE'), key: one.key }), '- cert: OpenSSL cannot read it ('],
    ['the path of a PFX', () => ({ pfx: '/etc/me.pfx' }), '- pfx: OpenSSL cannot read it (not enough data).'],
    ['a key of another kind', () => ({ cert: one.cert, key: 5 }), '- key: OpenSSL cannot read it (it is neither text'],
  ])('%s is refused', async (_, options, message) => {
    const told = await thrownBy(client(options()));
    expect(told).toContain(message);
    expect(told).toMatch(/^Invalid MQTT options \(1\)/);
    expect(told).not.toMatch(/BEGIN|c2VjcmV0/);
  });

  it('a key from credentials() that does not belong to the option cert', async () => {
    const { url } = await startInProcessBroker();
    const caller = createClient({
      ...connectionTo(url.replace('mqtt:', 'mqtts:')),
      cert: one.cert,
      credentials: () => ({ key: other.key }),
      maxConnectionAttempts: 1,
    });
    expect(await thrownBy(() => caller.connect())).toMatch(
      /- credentials\(\)\.key: it does not belong to cert \(key values mismatch\)\. Give the key of this certificate\.$/,
    );
  });
});

it('no PEM text is shown', async () => {
  expect(await thrownBy(client({ key: pem('CERTIFICATE'), cert: pem('PRIVATE KEY') }))).not.toMatch(/c2VjcmV0|BEGIN/);
});

describe('options that are no object', () => {
  it.each<[string, (options: never) => unknown, string]>([
    ['ServerMqtt', (options) => new ServerMqtt(options), 'new ServerMqtt({ url })'],
    ['ClientMqtt', (options) => new ClientMqtt(options), 'new ClientMqtt({ url })'],
    ['MqttModule.forRoot()', (options) => MqttModule.forRoot(options), 'MqttModule.forRoot({ url })'],
    [
      'MqttModule.forRootAsync()',
      (options) => MqttModule.forRootAsync(options),
      'MqttModule.forRootAsync({ useFactory })',
    ],
  ])('%s', async (name, make, example) => {
    for (const [options, kind] of [
      ['mqtt://host', 'a string'],
      [null, 'null'],
      [['mqtt://host'], 'an array'],
    ] as const)
      expect(await thrownBy(() => make(untyped(options)))).toBe(
        `Invalid MQTT options (1):\n  - ${name}: its options are an object, not ${kind}. Give an object: ${example}.`,
      );
  });
});

it('the module without forRoot()', async () => {
  expect(await thrownBy(() => startModule({ module: MqttModule }))).toBe(
    'Invalid MQTT options (1):\n  - MqttModule: it is imported without options. ' +
      'Import MqttModule.forRoot({ url }); modules below a global one need no import.',
  );
});

describe('a password in a URL', () => {
  it.each<[string, string]>([
    ['mqtt://alice:hunt/er2#@host', 'contains #, / or ?, which end them in a URL'],
    ['mqtt://alice:hunt@er/2@host', 'contains #, / or ?, which end them in a URL'],
    ['mqtt://alice:hunter#2@host', 'contains #, / or ?, which end them in a URL'],
    ['mqtts://alice:1?hunter2@host', 'contains #, / or ?, which end them in a URL'],
    ['wss://alice:hunt@er#2@host/mqtt', 'contains #, / or ?, which end them in a URL'],
    ['mqtt://alice:hunter2%@host', 'contains a % that does not encode anything'],
    ['ws://hunter2%zz:x@host', 'contains a % that does not encode anything'],
  ])('%s', async (url, problem) => {
    for (const make of [client, server])
      expect(await thrownBy(make({ url }))).toBe(
        `Invalid MQTT options (1):\n  - url: its user name or password ${problem}. ` +
          'Encode it with encodeURIComponent(), or give username and password as options.',
      );
  });

  it.each([
    'mqtt://alice:p@ss@host',
    'wss://alice:x@host/a@b?c=@',
    `mqtt://a:${encodeURIComponent('p@ss/w#rd%')}@host`,
  ])('but not %s', (url) => expect(client({ url })).not.toThrow());
});

const circle: Record<string, unknown> = {};
circle['self'] = circle;

describe('a value that is none', () => {
  it.each<[string, () => unknown, string]>([
    ['a will without a topic', client({ will: { payload: 'x' } }), '- will.topic: there is none. Give a Topic Name.'],
    ...[{ a: 1 }, 5, null].map((payload, i): [string, () => unknown, string] => [
      `${inspect(payload)} as the payload of a will`,
      server({ will: { topic: 'w', payload } }),
      `- will.payload: it is ${['an object', 'a number', 'null'][i]}. Give a string or a Buffer, such as JSON.stringify(value).`,
    ]),
    [
      'the QoS of a will',
      client({ will: { topic: 'w', payload: '', qos: 5 } }),
      '- will.qos: 5 is not a valid value. Use one of 0, 1, 2.',
    ],
    [
      'retain of a will',
      client({ will: { topic: 'w', payload: '', retain: 'false' } }),
      '- will.retain: it is the string "false". Use true or false.',
    ],
    ['a number as a password', client({ password: 5 }), '- password: it is a number. Give a string or a Buffer.'],
    ['a number as a user name', server({ username: 5 }), '- username: it is a number. Give a string.'],
    [
      'a Client Identifier that is too long',
      client({ clientId: 'ü'.repeat(32_768) }),
      '- clientId: it is longer than 65535 bytes. Choose another one.',
    ],
    [
      'a text from the environment',
      client({ rejectUnauthorized: 'false' }),
      '- rejectUnauthorized: it is the string "false". Use true or false.',
    ],
    ...['x', 99].map((transportId): [string, () => unknown, string] => [
      `${inspect(transportId)} as transportId`,
      server({ transportId }),
      `- transportId: it is a ${typeof transportId}. Give a symbol, or one of Nest's Transport.`,
    ]),
    [
      'an interval that is a text',
      client({ properties: { sessionExpiryInterval: '60' } }),
      '- properties.sessionExpiryInterval: "60" is not a valid number. Give a whole number from 0 to 4294967295.',
    ],
    ['a Receive Maximum of 0', server({ properties: { receiveMaximum: 0 } }), '- properties.receiveMaximum: 0 is not'],
    ['an object as a function', client({ credentials: {} }), '- credentials: it is an object. Give a function.'],
    ['a boolean as a text', client({ clientId: true }), '- clientId: it is true. Give a string.'],
    [
      'the path of a CA',
      client({ ca: '/etc/ssl/ca.pem' }),
      '- ca: it is not PEM text. Give the content of the file, not its path: readFileSync(path).',
    ],
    [
      'a certificate as a key',
      client({ key: pem('CERTIFICATE'), cert: pem('CERTIFICATE') }),
      '- key: it is a certificate, not a private key. Give the private key: key: readFileSync(path).',
    ],
    [
      'a key as a certificate',
      server({ key: pem('EC PRIVATE KEY'), cert: Buffer.from(pem('EC PRIVATE KEY')) }),
      '- cert: it is a private key, not a certificate. Give the certificate: cert: readFileSync(path).',
    ],
    [
      'a key as a CA',
      client({ ca: [pem('CERTIFICATE'), pem('PRIVATE KEY')] }),
      '- ca: it is a private key, not a certificate. Give the certificate: ca: readFileSync(path).',
    ],
    [
      'a certificate as a key with a passphrase',
      client({ cert: pem('CERTIFICATE'), key: [{ pem: pem('CERTIFICATE'), passphrase: 'x' }] }),
      '- key: it is a certificate, not a private key.',
    ],
    [
      'a public key',
      client({ cert: pem('CERTIFICATE'), key: pem('PUBLIC KEY') }),
      '- key: it is something else in PEM, not a private key.',
    ],
    [
      'a PKCS12 file as a certificate',
      client({ cert: Buffer.from([0x30, 0x82]), key: pem('PRIVATE KEY') }),
      '- cert: it is not PEM text. Convert it to PEM; a .pfx or .p12 file is for pfx.',
    ],
    [
      'a key alone',
      client({ key: pem('PRIVATE KEY') }),
      '- key: a key is not used without its certificate. Give cert too.',
    ],
    [
      'a certificate alone',
      server({ cert: pem('CERTIFICATE') }),
      '- cert: a certificate is not used without its key. Give key too.',
    ],
    ['the path of a key', client({ key: ['./key.pem'] }), '- key: it is not PEM text.'],
    [
      'a symbol to publish to',
      () => createClient({}).publish(untyped<string>(Symbol('a')), 1),
      'Invalid topic "Symbol(a)": a topic is a string such as "devices/7/state", not a symbol.',
    ],
    [
      'no topic at all',
      () => createClient({}).publish(untyped<string>(undefined), 1),
      'Invalid topic "undefined": a topic is a string such as "devices/7/state", not undefined.',
    ],
    [
      'no topic of a request',
      () => createClient({}).request(untyped<string>(undefined), 1),
      'Invalid topic "undefined": a topic is a string such as "devices/7/state", not undefined.',
    ],
    ...[NaN, [], ['a', 'b'], {}, { cmd: undefined }, true].map((pattern): [string, () => unknown, string] => [
      `the topic ${inspect(pattern)}`,
      () => createClient({}).publish(untyped<string>(pattern), 1),
      'a topic is a string such as "devices/7/state", not ',
    ]),
    ...[5, 'x', true, ['qos']].flatMap((options): [string, () => unknown, string][] => {
      const message =
        `Invalid MQTT options (1):\n  - options of the message to "a": it is ${described(options)}. ` +
        'Give an object with options.';
      const given = untyped<MqttRecordOptions>(options);
      return [
        [`the options ${inspect(options)} to publish with`, () => createClient({}).publish('a', 1, given), message],
        [`the options ${inspect(options)} of a request`, () => createClient({}).request('a', 1, given), message],
        [`the options ${inspect(options)} of a publisher`, () => createClient({}).publisher('a', given), message],
        [`${inspect(options)} for a publisher`, () => createClient({}).publisher('a').publish(1, given), message],
        [`${inspect(options)} to request with`, () => createClient({}).publisher('a').request(1, given), message],
      ];
    }),
    ...['json', { encode: () => ({ payload: '' }) }, null].map((codec): [string, () => unknown, string] => [
      `the codec ${inspect(codec)} of a message`,
      () => createClient({}).publish('a', 1, { codec: untyped(codec) }),
      '- message to "a".codec: ',
    ]),
    ...[new MqttRecordBuilder(1).setQoS(1), new NestRecordBuilder(1).setQoS(1)].flatMap((record) => {
      const message =
        'The value for "a" cannot be encoded: it is a MqttRecordBuilder, not a record. ' +
        'Call .build() on it, and send the record that it returns.';
      const whose = record instanceof MqttRecordBuilder ? 'a builder' : "Nest's builder";
      return [
        [`${whose} to publish`, () => createClient({}).publish('a', record), message],
        [`${whose} to request with`, () => createClient({}).request('a', record), message],
        [`${whose} to emit`, () => lastValueFrom(createClient({}).emit('a', record)), message],
        [`${whose} to send`, () => lastValueFrom(createClient({}).send('a', record)), message],
        [`${whose} for a publisher`, () => createClient({}).publisher('a').publish(record), message],
      ] satisfies [string, () => unknown, string][];
    }),
    [
      'an empty topic',
      () => createClient({}).publish('', 1),
      'Invalid topic "": it is empty: a topic has at least one character.',
    ],
    [
      'a list of patterns to send to',
      () => lastValueFrom(createClient({}).send(['a', 'b'], 1)),
      "a pattern is a string, or an object such as { cmd: 'sum' }, not an array.",
    ],
    [
      'no pattern to send to',
      () => lastValueFrom(createClient({}).send(undefined, 1)),
      "A message has no pattern: a pattern is a string, or an object such as { cmd: 'sum' }, not undefined.",
    ],
    [
      'no pattern of an event',
      () => lastValueFrom(createClient({}).emit(null, 1)),
      "A message has no pattern: a pattern is a string, or an object such as { cmd: 'sum' }, not null.",
    ],
    ...(['send', 'emit'] as const).map((method): [string, () => unknown, string] => [
      `nothing to ${method}`,
      () => lastValueFrom(createClient({})[method]('sum', undefined)),
      'The message to "sum" has no data, but undefined. Send \'\' or {}; publish() and request() take undefined, for an empty payload.',
    ]),
    ...[7, null, undefined, ['a'], { cmd: 'sum' }].map((filter): [string, () => unknown, string] => [
      `${inspect(filter)} to listen to`,
      () => createClient({}).messages(untyped<string>(filter)),
      'a Topic Filter is a string such as "devices/+/state", not ',
    ]),
    [
      'an empty filter to listen to',
      () => createClient({}).messages(''),
      'Invalid topic "": it is empty: a Topic Filter has at least one character.',
    ],
    [
      'a wildcard to publish to',
      () => createClient({}).publish('a/+', 1),
      'a Topic Name must not contain the wildcards + and #, which are for subscriptions',
    ],
    [
      'an unknown policy',
      server({ subscribeOptions: { ackPolicy: 'NACK' } }),
      'subscribeOptions.ackPolicy: "NACK" is not a valid value. Use one of',
    ],
    [
      'a QoS in words',
      () => createClient({}).messages('a', untyped({ qos: '1' })),
      'messages("a").qos: "1" is not a valid value. Use one of 0, 1, 2.',
    ],
  ])('%s', async (_, attempt, message) => expect(await thrownBy(attempt)).toContain(message));

  it.each<[string, unknown, string]>([
    ['a Map', new Map([['a', 1]]), 'the JSON of a Map is {}. Send Object.fromEntries(map) or [...map]'],
    ['a Set', new Set([1]), 'the JSON of a Set is {}. Send [...set]'],
    [
      'a promise',
      Promise.reject(new Error('nobody waits')),
      'the JSON of a Promise is {}. Await it, and send its result',
    ],
    [
      'a Map within an object',
      { text: '{}', none: {}, list: [1, { seen: new Map() }] },
      'the JSON of a Map (at list.1.seen) is {}. Send Object.fromEntries(map)',
    ],
    ['NaN', NaN, 'the JSON of NaN is null. Send null, if that is meant'],
    ['Infinity', -Infinity, 'the JSON of -Infinity is null'],
    [
      'an Error',
      Object.assign(new Error('x'), { code: 1 }),
      'the JSON of an Error is without its message. Send { name: error.name, message: error.message }',
    ],
    ['an Error within', { cause: new Error('x') }, 'the JSON of an Error (at cause) is without its message'],
    ['a BigInt', 1n, 'a BigInt has no JSON. Send String(value) or Number(value).'],
    ['a BigInt within', { rows: [{ id: 1n }] }, 'a BigInt (at rows.0.id) has no JSON. Send'],
    [
      'a circle',
      { a: [circle] },
      'a circular reference (at a.0.self) has no JSON. Send only the members that are needed.',
    ],
    ['an invalid Date', new Date(NaN), 'the JSON of an invalid Date is null'],
    ['a function', () => 1, 'a function cannot be encoded as JSON'],
    ['an observable within', { reply: EMPTY }, 'the JSON of an Observable (at reply) is {}. Send what it emits'],
    ['an observable itself', of(1), 'the JSON of an Observable is {}. Send what it emits'],
    ['a promise within a list', [Promise.reject(new Error('nobody waits'))], 'the JSON of a Promise (at 0) is {}'],
  ])('%s as a payload', async (_, value, message) => {
    const { url } = await startInProcessBroker();
    const told = await thrownBy(() => createClient(connectionTo(url, 5)).publish('a', value));
    expect(told).toContain(`The value for "a" cannot be encoded: ${message}`);
    expect(told.includes('Send another value')).toBe(typeof value === 'function'); // one remedy
  });
});

describe('a pattern', () => {
  it.each<[string, unknown, string]>([
    ['that is missing', undefined, 'Invalid topic "undefined": a pattern is a string, or an object'],
    ['without values', {}, 'not an object without values.'],
    ['with a value that is missing', { cmd: undefined }, 'not an object with values other than strings and numbers.'],
    ['that is no number', NaN, 'not NaN.'],
    ['with a symbol in it', { cmd: Symbol('a') }, 'not an object with values other than strings and numbers.'],
  ])('%s', async (_, pattern, message) => {
    @Controller()
    class Handlers {
      @EventPattern(pattern)
      a(): void {}
    }

    expect(await thrownBy(() => startServer({}, { controllers: [Handlers] }))).toContain(message);
  });

  it('without the capture that a parameter asks for', async () => {
    @Controller()
    class Handlers {
      @EventPattern<string[]>(['devices/{id}/on', 'devices/{id}/off'])
      a(@TopicParam('idd') _id: string, @TopicParam('site') _site: string, @TopicParam('id') _known: string): void {}
    }

    const message = await thrownBy(() => startServer({}, { controllers: [Handlers] }));
    expect(message).toBe(
      'Invalid MQTT options (2):\n' +
        "  - @TopicParam('site') of 'devices/{id}/on': the pattern has no such capture. Add {site} to the pattern.\n" +
        "  - @TopicParam('idd') of 'devices/{id}/on': the pattern has no such capture. Did you mean \"id\"?",
    );
  });
});

const foreignLine = (pattern: string, level: string): string =>
  `Handler "${pattern}" has the level "${level}", which is no wildcard in MQTT. Use + for a level, # for the rest, {name} for a capture.`;

describe('a pattern that is valid, and hardly meant so', () => {
  @Controller()
  class Foreign {
    @EventPattern<string[]>(['devices/*/state', 'routes/:id', 'all/**', 'orders.>'])
    handle(): void {}

    @MessagePattern({ cmd: '*' })
    literal(): void {}
  }

  it('has a wildcard of another system', async () => {
    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url, 5), { controllers: [Foreign] });
    const expected = [
      foreignLine('devices/*/state', '*'),
      foreignLine('routes/:id', ':id'),
      foreignLine('all/**', '**'),
      foreignLine('orders.>', '>'),
    ];
    expect(transportLogs('warn').toSorted()).toEqual(expected.toSorted());
  });

  @Controller()
  @MqttSubscription({ prefix: 'kitchen' })
  class Kitchen {
    @EventPattern<string>('devices/a')
    a(): void {}

    @EventPattern<string>('$share/g/devices/b')
    b(): void {}
  }

  it('runs into its prefix, which is said once for each prefix', async () => {
    const { url } = await startInProcessBroker();
    const subscribeOptions = { prefix: 'plant' };
    await startServer({ ...connectionTo(url, 5), subscribeOptions }, { controllers: [Kitchen] });
    expect(transportLogs('warn')).toEqual([
      'The prefix "plant" does not end with "/": before "kitchen" it makes "plantkitchen". Use "plant/" to have a level of its own.',
      'The prefix "kitchen" does not end with "/": before "devices/a" it makes "kitchendevices/a". Use "kitchen/" to have a level of its own.',
    ]);
  });

  it.each(['plant/kitchen/', 'site-', 'site_', 'plant.', 'plant:'])('but not with the prefix %s', async (prefix) => {
    @Controller()
    @MqttSubscription({ prefix })
    class Devices {
      @EventPattern<string>('devices/a')
      a(): void {}
    }

    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url, 5), { controllers: [Devices] });
    expect(transportLogs('warn')).toEqual([]);
  });
});

describe('a url that is undefined', () => {
  it('is told from none', async () => {
    const line = 'url is undefined: connecting to mqtt://localhost:1883. Is an environment variable missing?';
    const said = (options: object): number => {
      logs.clear();
      const caller = createClient({ ...options, reconnect: false });
      caller.connect().catch(() => {}); // there may be a broker
      return transportLogs('warn').filter((told) => told === line).length;
    };
    const url = undefined;
    expect(said({ url })).toBe(1);
    for (const options of [{}, { url, host: '127.0.0.1' }, { url, servers: [{ host: '127.0.0.1', port: 1 }] }])
      expect(said(options)).toBe(0);
  });
});

describe('what is allowed, and does nothing', () => {
  it('is said once, when the server starts', async () => {
    @Controller()
    class Handlers {
      @EventPattern<string>('a', { ackPolicy: AckPolicy.NACK_ON_ERROR, deadLetter: 'dead' })
      a(): void {}

      @EventPattern<string>('b', { qos: 1, ackPolicy: AckPolicy.REJECT_ON_ERROR, deadLetter: 'dead' })
      b(): void {}

      @EventPattern<string>('c', { qos: 1, ackPolicy: AckPolicy.ACK_FIRST, deadLetter: 'dead', retry: { attempts: 2 } })
      c(): void {}

      @EventPattern<string>('d', { responseTopic: 'r', noReply: true })
      d(): void {}

      @EventPattern<string>('e', { partition: 1 })
      e(): void {}

      @EventPattern<string>('f', { qos: 1, ackPolicy: AckPolicy.MANUAL })
      f(): void {}
    }

    const { url } = await startInProcessBroker();
    const session = { clientId: 'mistakes', clean: false, properties: { sessionExpiryInterval: 9 } };
    await startServer({ ...connectionTo(url, 5), ...session, reconnectPeriod: 5 } as object, {
      controllers: [Handlers],
    });
    expect(transportLogs('warn')).toEqual([
      'Handler "a" has AckPolicy.NACK_ON_ERROR at QoS 0, which has no acknowledgement. Set qos: 1 or 2, or remove the policy.',
      'Handler "a" has AckPolicy.NACK_ON_ERROR with deadLetter, which applies to failed messages before the policy does. Remove one of the two.',
      'Handler "b" has AckPolicy.REJECT_ON_ERROR with deadLetter, which applies to failed messages before the policy does. Remove one of the two.',
      'Handler "c" has AckPolicy.ACK_FIRST with deadLetter: a message that is already acknowledged gets no dead letter. Remove one of the two.',
      'Handler "c" has AckPolicy.ACK_FIRST with retry: a message that is already acknowledged is not retried. Remove one of the two.',
      'Handler "d" has responseTopic, but it is an event handler, which does not reply. Use @PublishTo, or @MessagePattern.',
      'Handler "d" has noReply, but it is an event handler, which does not reply. Remove it.',
      'Handler "e" has unknown extras: partition. The options of this transport are those of @MqttSubscription.',
      'The option reconnectPeriod of MQTT.js has no effect here. Use reconnect: { initialDelay, maxDelay }.',
    ]);
  });

  it('is not said of what comes from further away', async () => {
    @Controller()
    @MqttSubscription({ qos: 1, ackPolicy: AckPolicy.REJECT_ON_ERROR })
    class Handlers {
      @EventPattern<string>('a', { deadLetter: 'dead' })
      a(): void {}
    }

    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url, 5), { controllers: [Handlers] });
    expect(transportLogs('warn')).toEqual([]);
  });
});
