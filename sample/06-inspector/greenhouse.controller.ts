import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { MqttSubscription, TopicParam } from 'nestjs-mqtt-transport';

export interface Reading {
  readonly celsius: number;
}

const HIGHEST = 60;

/** Handlers that succeed, that are slow, and that fail. */
@Controller()
@MqttSubscription({ prefix: 'greenhouse/' })
export class GreenhouseController {
  private readonly latest = new Map<string, number>();

  @MqttSubscription({ retry: { attempts: 2, delay: 100 }, deadLetter: 'greenhouse/failed' })
  @EventPattern<string>('{house}/temperature')
  temperature(@TopicParam('house') house: string, @Payload() { celsius }: Reading): void {
    if (celsius > HIGHEST) throw new RpcException(`${celsius} °C cannot be true: the sensor of ${house} is broken`);
    this.latest.set(house, celsius);
  }

  @MqttSubscription({ shared: 'watering', maxWorkers: 2 })
  @EventPattern<string>('{house}/valve')
  async valve(): Promise<void> {
    await sleep(300); // until the valve has opened
  }

  @MessagePattern<string>('{house}/latest')
  async latestOf(@TopicParam('house') house: string): Promise<Reading> {
    await sleep(20);
    const celsius = this.latest.get(house);
    if (celsius === undefined) throw new RpcException(`${house} has reported nothing`);
    return { celsius };
  }
}
