import { setImmediate } from 'node:timers/promises';
import { ClientMqtt, type MqttMessage } from 'nestjs-mqtt-transport';
import { firstValueFrom, lastValueFrom, take, timeout, toArray } from 'rxjs';
import { cborCodec } from './cbor-codec.js';
import { FAILED_TELEMETRY, type DeviceState, type Telemetry, type Topics } from './topics.js';

const PATIENCE_MS = 10_000;

/** Somebody at a desk: watches states, sends commands, looks into what failed. */
export class Operator {
  private readonly client: ClientMqtt<Topics>;

  constructor(url: string) {
    this.client = new ClientMqtt<Topics>({ url, requestTimeout: PATIENCE_MS });
  }

  /** The state of a device as the broker has kept it: one message, then the subscription ends. */
  async stateOf(site: string, deviceId: string): Promise<DeviceState> {
    const states = this.client.messages(`sites/${site}/devices/${deviceId}/state`);
    const { data } = await firstValueFrom(states.pipe(timeout(PATIENCE_MS)));
    return data;
  }

  /** States of all devices of a site until so many have come, by `for await`. */
  async watch(site: string, count: number, onState: (state: DeviceState) => void): Promise<void> {
    let seen = 0;
    const fromNowOn = { qos: 1, rh: 2 } as const; // Retain Handling 2: not what the broker has kept
    for await (const { data } of this.client.messages(`sites/${site}/devices/+/state`, fromNowOn)) {
      onState(data);
      if (++seen === count) break; // unsubscribes
    }
  }

  /** A command, and all that the device answers. */
  blink(site: string, deviceId: string, times: number): Promise<string[]> {
    return lastValueFrom(this.client.send(`sites/${site}/devices/${deviceId}/blink`, { times }).pipe(toArray()));
  }

  /** The next message that the workers give up, still as the device encoded it. */
  failure(): Promise<MqttMessage<Telemetry>> {
    const failures = this.client.messages(FAILED_TELEMETRY, { qos: 1, codec: cborCodec });
    return firstValueFrom(failures.pipe(take(1), timeout(PATIENCE_MS)));
  }

  /** What was subscribed before is written in this turn, and granted when the broker answers the ping behind it. */
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
