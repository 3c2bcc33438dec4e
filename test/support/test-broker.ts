import type { ReconnectOptions } from '../../lib/index.js';
import { MqttBroker, type MqttBrokerOptions } from '../../lib/testing/index.js';
import { closeAfterTest } from './closing.js';
import { MosquittoProcess, type MosquittoOptions } from './mosquitto-process.js';

/** What a server or a client is given to reach the broker of a test. */
export interface TestConnection {
  url: string;
  protocolVersion: 4 | 5;
  /** Short waits: a test that cuts connections does not want to wait for a second. */
  reconnect: ReconnectOptions;
}

export function connectionTo(url: string, protocolVersion: 4 | 5 = 5): TestConnection {
  return { url, protocolVersion, reconnect: { initialDelay: 20, maxDelay: 200 } };
}

/** An in-process broker for one test, for faults and for seeing what went over the wire. Closed after the test. */
export async function startInProcessBroker(options?: MqttBrokerOptions): Promise<{ broker: MqttBroker; url: string }> {
  const broker = new MqttBroker(options);
  closeAfterTest(() => broker.close());
  return { broker, url: await broker.listen() };
}

/** A Mosquitto for one test, to be stopped, killed and restarted. Closed after the test. */
export async function startMosquitto(options?: MosquittoOptions): Promise<MosquittoProcess> {
  const mosquitto = await MosquittoProcess.launch(options);
  closeAfterTest(() => mosquitto.close());
  return mosquitto;
}
