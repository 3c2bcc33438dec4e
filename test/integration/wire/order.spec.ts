import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConnectionClosedError, MessageExpiredError, type ClientMqtt } from '../../../lib/index.js';
import { durable } from '../../support/durable-session.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, startMosquitto } from '../../support/test-broker.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';
import { rejection, statesOf } from '../lifecycle/scene.js';

const TOPIC = 'order/retained';

/** A broker that can go down and come up at the same address. */
interface Restartable {
  readonly url: string;
  stop(): Promise<unknown>;
  start(): Promise<unknown>;
}

async function inProcess(): Promise<Restartable> {
  const { broker, url } = await startInProcessBroker();
  return { url, stop: () => broker.stop(), start: () => broker.start() };
}

async function mosquitto(): Promise<Restartable> {
  const process = await startMosquitto();
  return { url: process.url, stop: () => process.kill(), start: () => process.start() };
}

type QosOf = (n: number) => 0 | 1 | 2;
const QUALITIES: readonly [title: string, qosOf: QosOf][] = [
  ['QoS 0', () => 0],
  ['QoS 1', () => 1],
  ['QoS 2', () => 2],
  ['QoS 0, 1 and 2 in turn', (n) => (n % 3) as 0 | 1 | 2],
];

/** Publishes 1, 2, 3, ..., two at each moment. */
class Numbers {
  readonly settled: Promise<void>[] = [];

  constructor(
    private readonly client: ClientMqtt,
    private readonly qosOf: QosOf,
  ) {}

  readonly two = (): void => {
    for (let n = 0; n < 2; n++) {
      const number = this.settled.length + 1;
      this.settled.push(this.client.publish(TOPIC, number, { qos: this.qosOf(number), retain: true }));
    }
  };

  /** At the first of these events from now on. */
  at(event: 'connect' | 'reconnect' | 'close' | 'offline'): Promise<void> {
    let seen = false;
    return new Promise((resolve) => {
      this.client.on(event, () => {
        if (!seen) this.two();
        seen = true;
        resolve();
      });
    });
  }

  /** The broker has taken everything that has been published so far. */
  async taken(): Promise<void> {
    await Promise.all(this.settled);
    await this.client.publish('order/marker', 0, { qos: 1 }); // it takes what stands before it first, QoS 0 too
  }
}

/** Numbers in the order in which they left; of those that were sent again, the first time. */
function sent(tap: WireTap): number[] {
  const numbers = tap.sent('client', 'publish').filter(({ topic }) => topic === TOPIC);
  return [...new Set(numbers.map(({ payload }) => Number(payload.toString())))];
}

function publishesInEveryState(launch: () => Promise<Restartable>): void {
  describe.each([5, 4] as const)('protocol version %i', (version) => {
    describe.each(['clean', 'durable'] as const)('%s session', (session) => {
      it.each(QUALITIES)(
        'row 9: idle, connecting, between attempts, connected, lost, resuming: in order, and the latest is retained (%s)',
        async (_title, qosOf) => {
          const broker = await launch();
          const tap = await tapWire(connectionTo(broker.url, version));
          await broker.stop();
          const client = createClient(session === 'durable' ? durable(tap.connection) : tap.connection);
          const numbers = new Numbers(client, qosOf);
          numbers.two(); // idle
          numbers.two(); // connecting
          await numbers.at('close'); // the attempt has failed
          await numbers.at('offline'); // between attempts
          await numbers.at('reconnect'); // the next attempt begins
          const connected = numbers.at('connect'); // before anything has been subscribed or sent
          await broker.start();
          await connected;
          numbers.two();
          await numbers.taken();
          numbers.two();
          await numbers.taken();
          const moments = [numbers.at('close'), numbers.at('reconnect'), numbers.at('connect')];
          tap.cut();
          await Promise.all(moments);
          await numbers.taken();
          const expected = numbers.settled.map((_, i) => i + 1);
          expect(sent(tap)).toEqual(expected);
          const peer = await connectMqttJs(connectionTo(broker.url, version));
          const [retained] = await (await subscribeMqttJs(peer, TOPIC)).atLeast(1);
          // a broker may handle a QoS 2 message as late as with its PUBREL, behind others
          const mixed = qosOf(1) !== qosOf(2);
          expect(expected.slice(mixed ? -3 : -1)).toContain(Number(retained!.payload.toString()));
        },
      );
    });
  });
}

describe('row 9: publish 1, 2, 3, ... while the in-process broker comes up', () => {
  publishesInEveryState(inProcess);
});

describeWhereInstalled(['mosquitto'], 'row 9: publish 1, 2, 3, ... while Mosquitto comes up', () => {
  publishesInEveryState(mosquitto);
});

/** Lets time go by, for everything that asks what time it is. */
function pass(milliseconds: number): void {
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
}

/** A client that is going to be offline, and what the broker gets from it. */
async function offline() {
  const { broker, url } = await startInProcessBroker();
  const sentOnes = new Journal<string>();
  const expiries = new Journal<number | undefined>();
  broker.on('packet', ({ direction, packet }) => {
    if (direction !== 'in' || packet.cmd !== 'publish') return;
    sentOnes.add(packet.topic);
    expiries.add(packet.properties?.messageExpiryInterval);
  });
  const client = createClient(connectionTo(url));
  return { broker, client, sentOnes, expiries };
}

describe('row 15: messageExpiryInterval: 1, offline for 3 s', () => {
  const QOS = [0, 1, 2] as const;

  afterEach(() => void jest.restoreAllMocks());

  it.each(QOS)('before the first connection, QoS %i: MessageExpiredError, and it is not sent', async (qos) => {
    const { broker, client, sentOnes } = await offline();
    await broker.stop();
    const expired = rejection(client.publish('short', 1, { qos, messageExpiryInterval: 1 }));
    const longer = client.publish('long', 1, { qos, messageExpiryInterval: 100 });
    pass(3_000);
    await broker.start();
    const error = await expired;
    expect(error).toBeInstanceOf(MessageExpiredError);
    expect(error).toMatchObject({ topic: 'short', messageExpiryInterval: 1 });
    await longer;
    await client.publish('marker', 1, { qos: 1 });
    expect(sentOnes.entries).toEqual(['long', 'marker']);
  });

  it.each(QOS)('between two connections, QoS %i: the same', async (qos) => {
    const { broker, client, sentOnes } = await offline();
    await client.connect();
    const states = statesOf(client);
    await broker.stop();
    await states.first((state) => state === 'reconnecting');
    const expired = rejection(client.publish('short', 1, { qos, messageExpiryInterval: 1 }));
    const longer = client.publish('long', 1, { qos, messageExpiryInterval: 100 });
    pass(3_000);
    await broker.start();
    expect(await expired).toBeInstanceOf(MessageExpiredError);
    await longer;
    await client.publish('marker', 1, { qos: 1 });
    expect(sentOnes.entries).toEqual(['long', 'marker']);
  });

  it.each(QOS)('what does not expire is sent with what remains of its interval, QoS %i', async (qos) => {
    const { broker, client, expiries } = await offline();
    await broker.stop();
    const published = client.publish('long', 1, { qos, messageExpiryInterval: 100 });
    pass(3_000);
    await broker.start();
    await published;
    await expiries.atLeast(1);
    expect(expiries.entries[0]).toBeLessThanOrEqual(97);
    expect(expiries.entries[0]).toBeGreaterThan(50); // the machine may take its time
  });

  it('a message that waits for room in the window of the broker expires too', async () => {
    const { broker, url } = await startInProcessBroker({ receiveMaximum: 1 });
    const client = createClient(connectionTo(url));
    await client.connect();
    const answer = broker.faults.delay('out', 'puback', Infinity);
    const arrived = broker.waitFor('publish');
    const first = client.publish('first', 1, { qos: 1 });
    await arrived;
    const taken = new Journal<string>();
    broker.on('publish', ({ message }) => taken.add(message.topic));
    const expired = rejection(client.publish('short', 1, { qos: 1, messageExpiryInterval: 1 }));
    const behind = client.publish('behind', 1, { qos: 1 });
    pass(3_000);
    answer();
    broker.faults.drop(broker.clients[0]!.clientId);
    await first;
    expect(await expired).toBeInstanceOf(MessageExpiredError);
    await behind;
    expect(taken.entries).toEqual(['first', 'behind']);
  });

  it('a message under way that the broker has lost with its session is not sent again', async () => {
    const { broker, client, sentOnes } = await offline();
    await client.connect();
    const swallow = broker.faults.withhold('in', 'publish');
    const expired = rejection(client.publish('short', 1, { qos: 1, messageExpiryInterval: 1 }));
    await sentOnes.atLeast(1);
    swallow();
    await broker.stop();
    pass(3_000);
    await broker.start();
    const error = await expired; // it may have been delivered, so that nobody can say that it has expired
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ maybeExecuted: true, message: expect.stringContaining('expired') });
    await client.publish('marker', 1, { qos: 1 });
    expect(sentOnes.entries).toEqual(['short', 'marker']);
  });
});
