import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { freePort } from './free-port.js';
import { say } from './say.js';

export interface Broker {
  readonly url: string;
  close(): Promise<void>;
}

/** The broker at `url`; without one, an in-process broker, which is enough for a test. */
export async function startBroker(url: string | undefined): Promise<Broker> {
  if (url) {
    say('broker', `MQTT_URL, at ${new URL(url).host}`);
    return { url, close: async () => {} };
  }
  const broker = new MqttBroker();
  const ownUrl = await broker.listen({ port: await freePort(1883) });
  say('broker', `in this process, at ${ownUrl}`);
  return { url: ownUrl, close: () => broker.close() };
}
