import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload, RpcException, type MicroserviceOptions } from '@nestjs/microservices';
import { ClientMqtt, ServerMqtt } from 'nestjs-mqtt-transport';
import { map, take, timer, type Observable } from 'rxjs';
import { say } from '../01-quick-start/say.js';
import { cborCodec } from './cbor-codec.js';
import { MessagePattern, type Command, type Topics } from './topics.js';

const DEVICE_ID = Symbol('identifier of this device');
const MOST_BLINKS = 10;

/** Handles the commands of a device. */
@Controller()
class LampController {
  constructor(@Inject(DEVICE_ID) private readonly deviceId: string) {}

  /** Replies with every blink as it happens: an observable is a stream of replies. */
  @MessagePattern('blink', { qos: 1 })
  blink(@Payload() { times }: Command): Observable<string> {
    if (times > MOST_BLINKS) throw new RpcException(`${times} times is more than ${MOST_BLINKS}`);
    say(this.deviceId, `blinks ${times} times`);
    return timer(0, 5).pipe(
      take(times),
      map((i) => `blink ${i + 1} of ${times}`),
    );
  }
}

/** A device: publishes its telemetry, and handles commands below its own topic. */
export class Device {
  private constructor(
    private readonly client: ClientMqtt<Topics>,
    private readonly topic: `sites/${string}/devices/${string}`,
    readonly close: () => Promise<void>,
  ) {}

  static async start(url: string, site: string, deviceId: string): Promise<Device> {
    const topic = `sites/${site}/devices/${deviceId}` as const;

    @Module({ controllers: [LampController], providers: [{ provide: DEVICE_ID, useValue: deviceId }] })
    class DeviceModule {}

    const app = await NestFactory.createMicroservice<MicroserviceOptions>(DeviceModule, {
      strategy: new ServerMqtt({ url, subscribeOptions: { prefix: `${topic}/` } }),
      logger: ['warn', 'error'],
    });
    await app.listen();
    const client = new ClientMqtt<Topics>({ url, codec: cborCodec });
    return new Device(client, topic, async () => {
      await client.close();
      await app.close();
    });
  }

  /** Resolves when the broker has the report. */
  async report(celsius: number, battery: number): Promise<void> {
    await this.client.publish(`${this.topic}/telemetry`, { celsius, battery: Uint8Array.of(battery) }, { qos: 1 });
  }
}
