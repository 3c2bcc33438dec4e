// Checked by `npm run typecheck`, never run: a line that should not compile, and does, is an error there.
import { Controller } from '@nestjs/common';
import { Ctx, Payload, Transport } from '@nestjs/microservices';
import { of, type Observable } from 'rxjs';
import {
  getMqttTransportId,
  MqttResponse,
  patternsOf,
  TopicParam,
  type ClientMqtt,
  type ContractRequestHandler,
  type MqttContext,
} from '../../lib/index.js';

interface Topics {
  'rpc/sum': { request: number[]; reply: number };
  'rpc/greet': { request: { name: string; title?: string }; reply: string };
  'rpc/touch': { request: string };
  alarms: { event: { code: string } };
  [topic: `devices/${string}/temperature`]: { event: number };
}

const { MessagePattern, EventPattern } = patternsOf<Topics>();

@Controller()
export class Allowed {
  @MessagePattern('rpc/sum')
  value(@Payload() numbers: number[]): number {
    return numbers.length;
  }

  @MessagePattern('rpc/sum', { qos: 1, shared: 'workers' })
  promise(@Payload() numbers: number[], @Ctx() context: MqttContext): Promise<number> {
    return Promise.resolve(numbers.length + context.qos);
  }

  @MessagePattern('rpc/sum')
  stream(@Payload() numbers: number[]): Observable<number> {
    return of(...numbers);
  }

  @MessagePattern('rpc/sum')
  response(@Payload() numbers: readonly number[]): MqttResponse<number> {
    return new MqttResponse(numbers.length, { qos: 1 });
  }

  @MessagePattern('rpc/sum')
  constant(): number {
    return 7;
  }

  @MessagePattern('rpc/greet')
  lessThanWhatComes(@Payload() { name }: { name: string }): string {
    return name;
  }

  @MessagePattern('rpc/touch')
  anyReply(@Payload() what: string): { touched: string } {
    return { touched: what };
  }

  @EventPattern('alarms')
  event(@Payload() alarm: { code: string }): void {
    void alarm;
  }

  @EventPattern('devices/{deviceId}/temperature', { qos: 1 })
  captures(@Payload() celsius: number, @TopicParam('deviceId') deviceId: string): void {
    void [celsius, deviceId];
  }
}

@Controller()
export class AtOneBroker {
  @MessagePattern('rpc/sum', Transport.MQTT)
  unnamed(@Payload() numbers: number[]): number {
    return numbers.length;
  }

  @EventPattern('devices/{deviceId}/temperature', getMqttTransportId('plant'), { qos: 1 })
  named(@Payload() celsius: number): void {
    void celsius;
  }

  // @ts-expect-error another event
  @EventPattern('alarms', getMqttTransportId('plant'))
  event(@Payload() celsius: number): void {
    void celsius;
  }

  // @ts-expect-error an option that a subscription does not have
  @EventPattern('alarms', Transport.MQTT, { qoss: 1 })
  option(): void {}
}

@Controller()
export class Refused {
  // @ts-expect-error another payload
  @MessagePattern('rpc/sum')
  payload(@Payload() text: string): number {
    return text.length;
  }

  // @ts-expect-error another reply
  @MessagePattern('rpc/sum')
  reply(@Payload() numbers: number[]): string {
    return numbers.join();
  }

  // @ts-expect-error a promise of another reply
  @MessagePattern('rpc/sum')
  promise(@Payload() numbers: number[]): Promise<string> {
    return Promise.resolve(numbers.join());
  }

  // @ts-expect-error more than what comes
  @MessagePattern('rpc/greet')
  more(@Payload() { age }: { age: number }): string {
    return String(age);
  }

  // @ts-expect-error a topic that the contract does not have
  @MessagePattern('rpc/product')
  topic(): void {}

  // @ts-expect-error a topic for events
  @MessagePattern('alarms')
  eventAsRequest(): void {}

  // @ts-expect-error a topic for requests
  @EventPattern('rpc/sum')
  requestAsEvent(): void {}

  // @ts-expect-error another event
  @EventPattern('devices/{deviceId}/temperature')
  event(@Payload() celsius: { celsius: number }): void {
    void celsius;
  }

  // @ts-expect-error an option that a subscription does not have
  @EventPattern('alarms', { qos: 3 })
  option(): void {}
}

/** Outside of controllers, where a function is to be checked. */
export const sum: ContractRequestHandler<Topics, 'rpc/sum'> = (numbers) => numbers.length;

/** The same contract on the side of the caller. */
export function caller(client: ClientMqtt<Topics>): void {
  void client.publish('devices/7/temperature', 21);
  // @ts-expect-error another event
  void client.publish('devices/7/temperature', 'warm');
  // @ts-expect-error a topic that the contract does not have
  void client.publish('devices/7/humidity', 21);
}
