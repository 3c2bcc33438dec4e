import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Payload, RpcException } from '@nestjs/microservices';
import { MqttSubscription, patternsOf, TopicParam } from 'nestjs-mqtt-transport';
import { MqttDoc } from 'nestjs-mqtt-transport/asyncapi';

const { EventPattern, MessagePattern } = patternsOf();

export interface Reading {
  readonly celsius: number;
}

const HIGHEST = 60;

/** Schemas for the forms of the page and for an AsyncAPI document. */
const READING = {
  type: 'object',
  required: ['celsius'],
  properties: { celsius: { type: 'number', minimum: -40, description: 'Above 60 °C the handler fails' } },
};
const VALVE = { type: 'object', required: ['open'], properties: { open: { type: 'boolean' } } };

/** Handlers that succeed, that are slow, and that fail. */
@Controller()
@MqttSubscription({ prefix: 'greenhouse/' })
export class GreenhouseController {
  private readonly latest = new Map<string, number>();

  @MqttSubscription({ retry: { attempts: 2, delay: 100 }, deadLetter: 'greenhouse/failed' })
  @MqttDoc({ summary: 'Stores the latest temperature of a house', payload: READING, examples: [{ celsius: 21 }] })
  @EventPattern('{house}/temperature')
  temperature(@TopicParam('house') house: string, @Payload() { celsius }: Reading): void {
    if (celsius > HIGHEST) throw new RpcException(`${celsius} °C is not plausible: the sensor of ${house} is broken`);
    this.latest.set(house, celsius);
  }

  @MqttSubscription({ shared: 'watering', maxWorkers: 2 })
  @MqttDoc({ summary: 'Waits until a valve has moved', payload: VALVE })
  @EventPattern('{house}/valve')
  async valve(): Promise<void> {
    await sleep(300); // until the valve has opened
  }

  @MqttDoc({ summary: 'Replies with the latest temperature of a house' })
  @MessagePattern('{house}/latest')
  async latestOf(@TopicParam('house') house: string): Promise<Reading> {
    await sleep(20);
    const celsius = this.latest.get(house);
    if (celsius === undefined) throw new RpcException(`${house} has not reported yet`);
    return { celsius };
  }
}
