import { describe, expect, it, jest } from '@jest/globals';
import { MqttBroker, ReasonCode } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient, type RawOptions } from './support/raw-client.js';

const newBroker = useBrokers();

describe('CONNECT and CONNACK', () => {
  it.each([3, 4, 5] as const)('connect.v%i is accepted', async (v) => {
    const client = await RawClient.connect(newBroker(), { v });
    expect(v === 5 ? client.connack.reasonCode : client.connack.returnCode).toBe(0);
    expect(client.connack.sessionPresent).toBe(false);
  });

  it('[MQTT-3.1.3-6] an empty Client Identifier is assigned one, and told', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: '' });
    const assigned = client.connack.properties?.assignedClientIdentifier;
    expect(assigned).toBeTruthy();
    expect(broker.session(assigned!)?.connected).toBe(true);
  });

  it('the CONNACK tells the limits of the broker', async () => {
    const broker = newBroker({
      receiveMaximum: 7,
      maximumPacketSize: 2048,
      maximumQoS: 1,
      retainAvailable: false,
      topicAliasMaximum: 3,
      maximumSessionExpiry: 10,
      sharedSubscriptions: false,
      subscriptionIdentifiers: false,
      responseInformation: 'replies/here',
      serverKeepAlive: 33,
    });
    const properties = { sessionExpiryInterval: 100, requestResponseInformation: true };
    const client = await RawClient.connect(broker, { properties });
    expect(client.connack.properties).toEqual({
      receiveMaximum: 7,
      maximumPacketSize: 2048,
      maximumQoS: 1,
      retainAvailable: false,
      topicAliasMaximum: 3,
      sessionExpiryInterval: 10,
      sharedSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
      responseInformation: 'replies/here',
      serverKeepAlive: 33,
    });
  });

  it('[MQTT-3.1.2-28] Response Information is only for those who ask', async () => {
    const client = await RawClient.connect(newBroker({ responseInformation: 'replies' }));
    expect(client.connack.properties).not.toHaveProperty('responseInformation');
  });

  const refusals: [string, RawOptions, number][] = [
    ['[MQTT-4.12.0-1] an authentication method', { properties: { authenticationMethod: 'x' } }, 0x8c],
    ['3.1.2.11.3 Receive Maximum 0', { properties: { receiveMaximum: 0 } }, 0x82],
    ['3.1.2.11.4 Maximum Packet Size 0', { properties: { maximumPacketSize: 0 } }, 0x82],
    ['a will on a topic with wildcards', { will: { topic: 'a/#', payload: '' } }, 0x90],
    ['[MQTT-3.2.2-12] a will above Maximum QoS', { will: { topic: 'a', payload: '', qos: 2 } }, 0x9b],
    ['[MQTT-3.2.2-13] a retained will where there is none', { will: { topic: 'a', payload: '', retain: true } }, 0x9a],
  ];
  it.each(refusals)('%s is refused', async (_, options, code) => {
    const client = await RawClient.connect(newBroker({ maximumQoS: 1, retainAvailable: false }), options);
    expect(client.connack.reasonCode ?? client.connack.returnCode).toBe(code);
    await client.end();
  });

  it('3.1.1 [MQTT-3.1.3-8] no Client Identifier without Clean Session is answered with 0x02', async () => {
    const client = new RawClient(newBroker().stream(), { v: 4 });
    client.send(Buffer.from([0x10, 12, 0, 4, 77, 81, 84, 84, 4, 0, 0, 0, 0, 0]));
    expect((await client.expect('connack')).returnCode).toBe(2);
    await client.end();
  });

  it('[MQTT-3.1.2-2] an unknown protocol version is answered with 0x01', async () => {
    const client = new RawClient(newBroker().stream(), { v: 4 });
    client.send(Buffer.from([0x10, 14, 0, 4, 77, 81, 84, 84, 9, 2, 0, 0, 0, 2, 97, 97]));
    expect((await client.expect('connack')).returnCode).toBe(1);
    await client.end();
  });

  it('[MQTT-3.1.0-1] anything before CONNECT ends the connection, without a word', async () => {
    const client = new RawClient(newBroker().stream());
    client.send({ cmd: 'pingreq' });
    expect(await client.disconnected()).toBeUndefined();
    expect(client.received).toEqual([]);
  });

  it('[MQTT-3.1.0-2] a second CONNECT is a protocol error', async () => {
    const client = await RawClient.connect(newBroker());
    client.sendConnect();
    expect(await client.disconnected()).toBe(ReasonCode.PROTOCOL_ERROR);
  });

  it('a connection that never sends CONNECT is closed', async () => {
    const client = new RawClient(newBroker({ connectTimeoutMs: 20 }).stream());
    await client.end();
    expect(client.received).toEqual([]);
  });

  it.each([4, 5] as const)('[MQTT-3.1.4-3] v%i: the same Client Identifier takes over', async (v) => {
    const broker = newBroker();
    const first = await RawClient.connect(broker, { v, clientId: 'same' });
    const second = await RawClient.connect(broker, { v, clientId: 'same' });
    expect(await first.disconnected()).toBe(v === 5 ? ReasonCode.SESSION_TAKEN_OVER : undefined);
    await second.ping();
    expect(broker.clients.map(({ clientId }) => clientId)).toEqual(['same']);
  });

  it('[MQTT-3.1.2-22] one and a half times the Keep Alive without a packet ends the connection', async () => {
    const started = Date.now();
    const client = await RawClient.connect(newBroker(), { keepalive: 1 });
    expect(await client.disconnected()).toBe(ReasonCode.KEEP_ALIVE_TIMEOUT);
    expect(Date.now() - started).toBeGreaterThanOrEqual(1490);
  });

  it('[MQTT-3.1.2-22] any packet starts the Keep Alive anew', async () => {
    const client = await RawClient.connect(newBroker(), { keepalive: 1 });
    const started = Date.now();
    while (Date.now() - started < 1800) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await client.ping();
    }
    expect(client.closed).toBe(false);
  });
});

function authenticate({ username, password }: { username?: string; password?: Buffer }): boolean {
  return username === 'ada' && password?.toString() === 'secret';
}

describe('authenticate', () => {
  it.each([
    [5, 'ada', 'secret', 0],
    [4, 'ada', 'secret', 0],
    [5, 'ada', 'wrong', 0x86],
    [4, 'ada', 'wrong', 4],
    [5, undefined, undefined, 0x86],
  ] as const)('v%i, user %s, password %s: code %i', async (v, username, password, code) => {
    const broker = newBroker({ authenticate });
    const client = await RawClient.connect(broker, { v, username, password: password && Buffer.from(password) });
    expect(client.connack.reasonCode ?? client.connack.returnCode).toBe(code);
    expect(broker.clients).toHaveLength(code === 0 ? 1 : 0);
  });

  it.each([
    [5, ReasonCode.BANNED, 0x8a],
    [4, ReasonCode.BANNED, 5],
    [5, 7, ReasonCode.UNSPECIFIED_ERROR],
  ] as const)('v%i: the code %i of a hook that takes its time arrives as %i', async (v, verdict, code) => {
    const broker = newBroker({ authenticate: async () => Promise.resolve(verdict) });
    const client = await RawClient.connect(broker, { v });
    expect(client.connack.reasonCode ?? client.connack.returnCode).toBe(code);
  });

  it('packets that a client sends before it is let in are handled afterwards, in order', async () => {
    const broker = newBroker({ authenticate: async () => new Promise((resolve) => setImmediate(() => resolve(true))) });
    const client = RawClient.open(broker);
    const [reasonCode] = await client.subscribe('early', { qos: 1 });
    expect(reasonCode).toBe(1);
    expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack', 'suback']);
  });

  it('a hook that throws refuses, and nothing goes unhandled', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const hooks = [
      () => {
        throw new Error('broken');
      },
      async () => Promise.reject(new Error('broken')),
    ];
    for (const hook of hooks) {
      const client = await RawClient.connect(newBroker({ authenticate: hook }));
      expect(client.connack.reasonCode).toBe(ReasonCode.UNSPECIFIED_ERROR);
    }
    const warning = 'The hook authenticate of an in-process MQTT broker failed: Error: broken';
    expect(warn.mock.calls).toEqual([[warning], [warning]]);
    warn.mockRestore();
  });

  it.each([ReasonCode.USE_ANOTHER_SERVER, ReasonCode.SERVER_MOVED])('%i tells the Server Reference', async (code) => {
    const broker = newBroker({ authenticate: () => code, serverReference: 'other.example:1883' });
    const client = await RawClient.connect(broker);
    expect(client.connack.properties?.serverReference).toBe('other.example:1883');
  });
});

describe('sessions on CONNECT', () => {
  it.each([4, 5] as const)('[MQTT-3.2.2-2] [MQTT-3.2.2-3] v%i: Session Present says what there is', async (v) => {
    const broker = newBroker();
    const options = persistent(v, 'keeper');
    const first = await RawClient.connect(broker, options);
    await first.drop(broker);
    const second = await RawClient.connect(broker, options);
    const present = [first, second].map(({ connack }) => connack.sessionPresent);
    expect(present).toEqual([false, true]);
  });

  it.each([4, 5] as const)('[MQTT-3.1.2-4] v%i: clean discards the session', async (v) => {
    const broker = newBroker();
    const first = await RawClient.connect(broker, persistent(v, 'keeper'));
    await first.subscribe('kept', { qos: 1 });
    await first.drop(broker);
    const ended = broker.waitFor('session-end');
    const second = await RawClient.connect(broker, { ...persistent(v, 'keeper'), clean: true });
    await ended;
    expect(second.connack.sessionPresent).toBe(false);
    expect(broker.session('keeper')?.subscriptions).toEqual([]);
  });

  it('Session Expiry Interval 0 ends the session with the connection', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'brief', clean: false });
    const ended = broker.waitFor('session-end', ({ clientId }) => clientId === 'brief');
    await client.drop(broker);
    await ended;
    expect(broker.session('brief')).toBeUndefined();
  });

  it('[MQTT-3.1.2-23] a session outlives its connection until its interval is over', async () => {
    const broker: MqttBroker = newBroker();
    const client = await RawClient.connect(broker, persistent(5, 'expiring', 1));
    await client.drop(broker);
    const left = Date.now();
    expect(broker.session('expiring')?.connected).toBe(false);
    await broker.waitFor('session-end', ({ clientId }) => clientId === 'expiring');
    expect(Date.now() - left).toBeGreaterThanOrEqual(990);
    expect((await RawClient.connect(broker, persistent(5, 'expiring', 1))).connack.sessionPresent).toBe(false);
  });

  it('a DISCONNECT may shorten the session', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, persistent(5, 'leaver'));
    await client.disconnect(0, { sessionExpiryInterval: 0 });
    expect(broker.session('leaver')).toBeUndefined();
  });

  it('[MQTT-3.14.2-2] a DISCONNECT cannot keep a session that was to end', async () => {
    const client = await RawClient.connect(newBroker());
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 60 } });
    expect(await client.disconnected()).toBe(ReasonCode.PROTOCOL_ERROR);
  });
});
