import { setImmediate } from 'node:timers/promises';
import { ClientMqtt, type MqttMessage } from 'nestjs-mqtt-transport';
import { firstValueFrom, lastValueFrom, take, timeout, toArray } from 'rxjs';
import { cborCodec } from './cbor-codec.js';
import { FAILED_TELEMETRY, type DeviceState, type Telemetry, type Topics } from './topics.js';

const PATIENCE_MS = 10_000;

/** An operator: watches states, sends commands, inspects failures. */
export class Operator {
  private readonly client: ClientMqtt<Topics>;

  constructor(url: string) {
    this.client = new ClientMqtt<Topics>({ url, requestTimeout: PATIENCE_MS });
  }

  /** The retained state of a device: one message, then the subscription ends. */
  async stateOf(site: string, deviceId: string): Promise<DeviceState> {
    const states = this.client.messages(`sites/${site}/devices/${deviceId}/state`);
    const { data } = await firstValueFrom(states.pipe(timeout(PATIENCE_MS)));
    return data;
  }

  /** Reads `count` states of the devices of a site, with `for await`. */
  async watch(site: string, count: number, onState: (state: DeviceState) => void): Promise<void> {
    let seen = 0;
    const fromNowOn = { qos: 1, rh: 2 } as const; // Retain Handling 2: no retained messages
    for await (const { data } of this.client.messages(`sites/${site}/devices/+/state`, fromNowOn)) {
      onState(data);
      if (++seen === count) break; // unsubscribes
    }
  }

  /** Sends a command, and collects all replies of the device. */
  blink(site: string, deviceId: string, times: number): Promise<string[]> {
    return lastValueFrom(this.client.send(`sites/${site}/devices/${deviceId}/blink`, { times }).pipe(toArray()));
  }

  /** The next dead letter of the workers, as encoded by the device. */
  failure(): Promise<MqttMessage<Telemetry>> {
    const failures = this.client.messages(FAILED_TELEMETRY, { qos: 1, codec: cborCodec });
    return firstValueFrom(failures.pipe(take(1), timeout(PATIENCE_MS)));
  }

  /** Earlier subscriptions are written in this turn, and granted when the broker answers the following ping. */
  async ready(): Promise<void> {
    await setImmediate();
    await this.client.ping(PATIENCE_MS);
  }

  connect(): Promise<void> {
    return this.client.connect();
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
