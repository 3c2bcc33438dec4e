import { afterAll, beforeAll, describe } from '@jest/globals';
import { MqttBroker, type MqttBrokerOptions } from '../../lib/testing/index.js';
import { describeWhereInstalled } from './executables.js';
import { MosquittoProcess, type MosquittoOptions } from './mosquitto-process.js';
import { connectionTo, type TestConnection } from './test-broker.js';

/** What of the matrix a suite runs on. Default: in-process and Mosquitto, each on 5.0 and 3.1.1. */
export interface BrokerMatrix {
  readonly versions?: readonly (4 | 5)[];
  /** In-process brokers, by their options. Default: one with the default options. */
  readonly inProcess?: readonly MqttBrokerOptions[];
  readonly mosquitto?: MosquittoOptions;
}

/** The broker that a suite of the matrix runs on; it is there once the tests run. */
export class BrokerUnderTest {
  private running: RunningBroker | undefined;

  constructor(
    readonly protocolVersion: 4 | 5,
    private readonly launch: () => Promise<RunningBroker>,
  ) {}

  get url(): string {
    return this.present.url;
  }

  /** For servers and clients: `startServer({ ...broker.connection, subscribeOptions: { qos: 1 } }, ...)`. */
  get connection(): TestConnection {
    return connectionTo(this.url, this.protocolVersion);
  }

  /** Set when it is the in-process broker, whose events tell what went over the wire. */
  get inProcess(): MqttBroker | undefined {
    return this.present.inProcess;
  }

  /** @internal */
  async start(): Promise<void> {
    this.running = await this.launch();
  }

  /** @internal */
  async stop(): Promise<void> {
    await this.running?.close();
  }

  private get present(): RunningBroker {
    if (!this.running) throw new Error('The broker runs in tests and hooks only, not while the suite is described.');
    return this.running;
  }
}

interface RunningBroker {
  readonly url: string;
  readonly inProcess?: MqttBroker;
  close(): Promise<void>;
}

/**
 * One suite on every broker and both versions of the protocol. Each gets a broker of its own, shared by its tests.
 *
 * Mosquitto is one that is started here, unless `MQTT_URL` names a broker: then `npm test -- --runInBand`, for it is shared.
 *
 * @example
 * ```ts
 * describeEachBroker('events', (broker) => {
 *   it('reach their handler', async () => {
 *     await startServer(broker.connection, { controllers: [Devices] });
 *   });
 * });
 * ```
 */
export function describeEachBroker(
  title: string,
  suite: (broker: BrokerUnderTest) => void,
  { versions = [5, 4], inProcess = [{}], mosquitto }: BrokerMatrix = {},
): void {
  for (const version of versions) {
    for (const options of inProcess) {
      const broker = new BrokerUnderTest(version, () => launchInProcess(options));
      describe(`${title} (in-process${settings(options)}, ${versionName(version)})`, () => {
        run(broker, suite);
      });
    }
    const broker = new BrokerUnderTest(version, () => launchMosquitto(mosquitto));
    const programs = process.env['MQTT_URL'] ? [] : ['mosquitto'];
    describeWhereInstalled(programs, `${title} (Mosquitto, ${versionName(version)})`, () => run(broker, suite));
  }
}

function run(broker: BrokerUnderTest, suite: (broker: BrokerUnderTest) => void): void {
  beforeAll(() => broker.start());
  afterAll(() => broker.stop());
  suite(broker);
}

async function launchInProcess(options: MqttBrokerOptions): Promise<RunningBroker> {
  const inProcess = new MqttBroker(options);
  return { url: await inProcess.listen(), inProcess, close: () => inProcess.close() };
}

async function launchMosquitto(options: MosquittoOptions | undefined): Promise<RunningBroker> {
  const given = process.env['MQTT_URL'];
  if (!given) return MosquittoProcess.launch(options);
  if (process.env['JEST_WORKER_ID'] !== '1')
    throw new Error('With MQTT_URL all suites use one broker, and the same topics: run jest with --runInBand.');
  return { url: given, close: () => Promise.resolve() };
}

function settings(options: MqttBrokerOptions): string {
  return Object.entries(options)
    .map(([name, value]) => `, ${name}: ${String(value)}`)
    .join('');
}

function versionName(version: 4 | 5): string {
  return version === 5 ? '5.0' : '3.1.1';
}
