/* oxlint-disable jest/expect-expect -- the functions that they share expect */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionClosedError } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { freePort } from '../../support/free-port.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { rejection, statesOf } from '../lifecycle/scene.js';
import { startSilentHost } from './silent-host.js';
import type { ClosingReport, ClosingWorkerParameters } from './workers/closing-worker.js';

const NUMBERS = Array.from({ length: 30 }, (_, n) => n);

async function reached(reports: Journal<ClosingReport>, state: string): Promise<void> {
  await reports.first((each) => each.state === state);
}

describe('row 11: close(), and nothing keeps the process', () => {
  let program: CompiledWorker;
  beforeAll(async () => {
    program = await CompiledWorker.compile(new URL('./workers/closing-worker.ts', import.meta.url));
  });
  afterAll(() => program.remove());

  const ROLES = [
    ['client', 5],
    ['client', 4],
    ['server', 5],
    ['server', 4],
  ] as const;

  /** Has it close as soon as `moment` has come, and expects that the process ends by itself. */
  async function endsByItself(
    parameters: ClosingWorkerParameters,
    moment: (reports: Journal<ClosingReport>) => Promise<unknown>,
  ): Promise<void> {
    const worker = await program.start<ClosingReport>(parameters);
    await moment(worker.reports);
    worker.send('close');
    const { left } = await worker.reports.first((each) => each.left !== undefined);
    await eventually(() => !worker.running, `the process ends, with ${JSON.stringify(left)} left`);
    expect(worker.printed).toBe('');
  }

  describe.each(ROLES)('of a %s, protocol version %i', (role, version) => {
    const act = role === 'server' ? 'listen' : 'connect';

    it.each(['mqtt', 'mqtts', 'ws', 'wss'])(
      'while connecting by %s to a host that accepts TCP and says nothing',
      async (protocol) => {
        const { url, arrivals } = await startSilentHost();
        const options = { ...connectionTo(url.replace('mqtt', protocol), version) };
        await endsByItself({ role, act, options }, () => arrivals.atLeast(1));
      },
    );

    it('while credentials() does not settle', async () => {
      const { url } = await startSilentHost();
      const options = connectionTo(url, version);
      await endsByItself({ role, act, options, withoutCredentials: true }, () => Promise.resolve());
    });

    it('between two attempts, with a minute to wait', async () => {
      const options = {
        ...connectionTo(`mqtt://127.0.0.1:${await freePort()}`, version),
        reconnect: { initialDelay: 60_000, jitter: false },
      };
      await endsByItself({ role, act, options }, (reports) => reached(reports, 'reconnecting'));
    });

    it('connected', async () => {
      const { url } = await startInProcessBroker();
      await endsByItself({ role, act, options: connectionTo(url, version) }, (reports) =>
        reached(reports, 'connected'),
      );
    });

    it('connected, while the broker does not read any more', async () => {
      const { broker, url } = await startInProcessBroker();
      await endsByItself({ role, act, options: connectionTo(url, version) }, async (reports) => {
        await reached(reports, 'connected');
        for (const { clientId } of broker.clients) broker.faults.freeze(clientId);
      });
    });

    it('lost, and between two attempts', async () => {
      const { broker, url } = await startInProcessBroker();
      const options = { ...connectionTo(url, version), reconnect: { initialDelay: 60_000, jitter: false } };
      await endsByItself({ role, act, options }, async (reports) => {
        await reached(reports, 'connected');
        await broker.stop();
        await reached(reports, 'reconnecting');
      });
    });

    it('while a SUBSCRIBE is not answered', async () => {
      const { broker, url } = await startInProcessBroker();
      broker.faults.withhold('out', 'suback');
      const asked = new Journal<string>();
      broker.on('packet', ({ packet }) => {
        if (packet.cmd === 'subscribe') asked.add(packet.cmd);
      });
      const options = connectionTo(url, version);
      await endsByItself({ role, act: 'listen', options }, () => asked.atLeast(1));
    });
  });

  describe.each([5, 4] as const)('of a client, protocol version %i', (version) => {
    it('before it has been used', async () => {
      const options = connectionTo('mqtt://127.0.0.1:1', version);
      await endsByItself({ role: 'client', act: 'nothing', options }, () => Promise.resolve());
    });

    it.each(['publish', 'request', 'listen'] as const)(
      'with a %s that waits for a host that says nothing',
      async (act) => {
        const { url, arrivals } = await startSilentHost();
        const options = { ...connectionTo(url, version), gracefulTimeout: 20 };
        await endsByItself({ role: 'client', act, options }, () => arrivals.atLeast(1));
      },
    );

    it('with a publish that is not acknowledged', async () => {
      const { broker, url } = await startInProcessBroker();
      broker.faults.withhold('out', 'puback');
      const published = broker.waitFor('publish');
      const options = { ...connectionTo(url, version), gracefulTimeout: 20 };
      await endsByItself({ role: 'client', act: 'publish', options }, () => published);
    });
  });
});

describeEachBroker('row 16: 30 publishes, then client.close()', (broker) => {
  const QOS = [0, 1, 2] as const;
  const STATES = ['connected', 'not connected yet'] as const;

  it.each(QOS.flatMap((qos) => STATES.map((state) => [qos, state] as const)))(
    'at QoS %i, %s: all are delivered, in order, and no promise is rejected',
    async (qos, state) => {
      const topic = `ends/${qos}/${state.replaceAll(' ', '-')}`;
      const messages = await subscribeMqttJs(await connectMqttJs(broker), topic, { qos });
      const client = createClient(broker.connection);
      if (state === 'connected') await client.connect();
      const settled = Promise.all(NUMBERS.map((n) => client.publish(topic, n, { qos })));
      await client.close();
      await settled;
      const numbers = (await messages.atLeast(NUMBERS.length)).map(({ payload }) => Number(payload.toString()));
      expect(numbers).toEqual(NUMBERS);
    },
  );

  it('by emit() at QoS 1, whose observables nobody subscribes to: all are delivered', async () => {
    const messages = await subscribeMqttJs(await connectMqttJs(broker), 'ends/emit', { qos: 1 });
    const client = createClient({ ...broker.connection, publishOptions: { qos: 1 } });
    for (const n of NUMBERS) client.emit('ends/emit', n);
    await client.close();
    const numbers = (await messages.atLeast(NUMBERS.length)).map(({ payload }) => Number(payload.toString()));
    expect(numbers).toEqual(NUMBERS);
  });
});

describe.each([5, 4] as const)('row 16: 30 publishes, then client.close(), protocol version %i', (version) => {
  async function scene(options: { receiveMaximum?: number } = {}) {
    const { broker, url } = await startInProcessBroker(options);
    const taken = new Journal<number>();
    broker.on('publish', ({ message }) => taken.add(Number(message.payload.toString())));
    return { broker, connection: connectionTo(url, version), taken };
  }

  it('a broker with a window of 3: all are delivered', async () => {
    const { connection, taken } = await scene({ receiveMaximum: 3 });
    const client = createClient(connection);
    await client.connect();
    const settled = Promise.all(NUMBERS.map((n) => client.publish('ends', n, { qos: 1 })));
    await client.close();
    await settled;
    expect(taken.entries).toEqual(NUMBERS);
  });

  it.each([1, 2] as const)(
    'the connection is lost meanwhile, QoS %i: all are delivered over the next one',
    async (qos) => {
      const { broker, connection, taken } = await scene();
      const client = createClient(durable(connection, 'leaver'));
      await client.connect();
      broker.faults.drop('leaver', { after: { direction: 'in', match: { cmd: 'publish', times: 1 } } });
      const settled = Promise.all(NUMBERS.map((n) => client.publish('ends', n, { qos })));
      await client.close();
      await settled;
      expect([...new Set(taken.entries)]).toEqual(NUMBERS);
    },
  );

  it.each([0, 1, 2] as const)(
    'while it is between two attempts, QoS %i: all are delivered when the broker is back',
    async (qos) => {
      const { broker, connection, taken } = await scene();
      const client = createClient({ ...connection, gracefulTimeout: 60_000 });
      await client.connect();
      const states = statesOf(client);
      await broker.stop();
      await states.first((state) => state === 'reconnecting');
      const settled = Promise.all(NUMBERS.map((n) => client.publish('ends', n, { qos })));
      const closed = client.close();
      await broker.start();
      await closed;
      await settled;
      expect(await taken.atLeast(NUMBERS.length)).toEqual(NUMBERS);
    },
  );

  it.each([1, 2] as const)(
    'a broker that acknowledges nothing, QoS %i: all are rejected after gracefulTimeout',
    async (qos) => {
      const { broker, connection } = await scene();
      broker.faults.withhold('out', { cmd: ['puback', 'pubrec'] });
      const client = createClient({ ...connection, gracefulTimeout: 50 });
      await client.connect();
      const errors = NUMBERS.map((n) => rejection(client.publish('ends', n, { qos })));
      await client.close();
      for (const error of await Promise.all(errors)) expect(error).toBeInstanceOf(ConnectionClosedError);
      expect(await errors[0]).toMatchObject({ maybeExecuted: true });
    },
  );

  it.each([0, 1, 2] as const)(
    'a host that says nothing, QoS %i: all are rejected after gracefulTimeout',
    async (qos) => {
      const { url } = await startSilentHost();
      const client = createClient({ ...connectionTo(url, version), gracefulTimeout: 50 });
      const errors = NUMBERS.map((n) => rejection(client.publish('ends', n, { qos })));
      await client.close();
      for (const error of await Promise.all(errors)) {
        expect(error).toBeInstanceOf(ConnectionClosedError);
        expect(error).toMatchObject({ maybeExecuted: false });
      }
    },
  );

  it('what is published while it closes comes to an end too', async () => {
    const { connection, taken } = await scene({ receiveMaximum: 3 });
    const client = createClient(connection);
    await client.connect();
    const first = NUMBERS.map((n) => client.publish('ends', n, { qos: 1 }));
    const closed = client.close();
    const late = await Promise.allSettled(NUMBERS.map((n) => client.publish('late', n, { qos: 1 })));
    await Promise.all([...first, closed]);
    const delivered = late.filter(({ status }) => status === 'fulfilled');
    await client.close(); // a late one may have connected again
    expect(taken.size).toBe(NUMBERS.length + delivered.length);
  });
});
