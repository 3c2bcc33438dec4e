import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Injectable } from '@nestjs/common';
import { Payload, type MicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { ClientMqtt, patternsOf, ServerMqtt, TopicParam } from 'nestjs-mqtt-transport';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';

const { EventPattern, MessagePattern } = patternsOf();

@Injectable()
class Readings extends Map<string, number> {}

@Controller()
class DevicesController {
  constructor(private readonly readings: Readings) {}

  @EventPattern('devices/{deviceId}/temperature', { qos: 1 })
  temperature(@TopicParam('deviceId') deviceId: string, @Payload() celsius: number): void {
    this.readings.set(deviceId, celsius);
  }

  @MessagePattern('readings/latest')
  latest(@Payload() deviceId: string): number | undefined {
    return this.readings.get(deviceId);
  }
}

describe('DevicesController', () => {
  const broker = new MqttBroker();
  let client: ClientMqtt;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const url = await broker.listen();
    client = new ClientMqtt({ url });
    const module = await Test.createTestingModule({
      controllers: [DevicesController],
      providers: [Readings],
    }).compile();
    const app = module.createNestMicroservice<MicroserviceOptions>({ strategy: new ServerMqtt({ url }) });
    await app.listen();
    close = () => app.close();
  });

  afterAll(async () => {
    await client.close();
    await close();
    await broker.close();
  });

  it('keeps the latest temperature', async () => {
    const handled = broker.waitFor('acknowledge'); // the server acknowledges when the handler has finished
    await client.publish('devices/roof/temperature', 21.5, { qos: 1 });
    await handled;
    const { data } = await client.request('readings/latest', 'roof');
    expect(data).toBe(21.5);
  });
});
