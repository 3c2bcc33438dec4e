import { Controller, Module } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { MqttResponse, MqttSubscription, type MqttContext } from '../../lib/index.js';
import { Journal } from '../support/journal.js';

/** An event as our handlers see it. */
export interface SeenEvent {
  readonly topic: string;
  readonly data: unknown;
  readonly qos: number;
  readonly headers: object;
  readonly contentType: string | undefined;
}

export const events = new Journal<SeenEvent>();
export const jobs = new Journal<unknown>();

@Controller()
class Service {
  @MessagePattern('nest/echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern('nest/headers')
  headers(@Ctx() { userProperties }: MqttContext): MqttResponse {
    return new MqttResponse({ got: userProperties }, { userProperties: { from: 'nest' } });
  }

  @MessagePattern('nest/fail')
  fail(): void {
    throw new RpcException({ status: 'error', message: 'out of stock' });
  }

  @EventPattern<string>('nest/events/+')
  event(@Payload() data: unknown, @Ctx() context: MqttContext): void {
    const { userProperties, contentType, qos } = context;
    events.add({ topic: context.getTopic(), data, qos, headers: { ...userProperties }, contentType });
  }

  @MqttSubscription({ shared: 'mixed' })
  @EventPattern('mixed/+')
  job(@Payload() data: unknown): void {
    jobs.add(data);
  }
}

/** What the peers call. */
@Module({ controllers: [Service] })
export class ServiceModule {}
