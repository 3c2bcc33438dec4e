// Checked by `npm run typecheck`, never run: a line that should not compile, and does, is an error there.
import { Controller } from '@nestjs/common';
import { Payload, Transport } from '@nestjs/microservices';
import { getMqttTransportId, patternsOf, TopicParam, ServerMqtt, ClientMqtt } from '../../lib/index.js';

const { EventPattern, MessagePattern } = patternsOf();

@Controller()
export class Devices {
  @EventPattern('devices/{id}/temperature', { qos: 1 })
  temperature(@TopicParam('id') id: string, @Payload() celsius: number): string {
    return `${id}: ${celsius}`;
  }

  @MessagePattern({ cmd: 'sum' }, { maxWorkers: 1 })
  sum(@Payload() numbers: number[]): number {
    return numbers.length;
  }

  @EventPattern(['a', 'b'])
  several(): void {}

  @EventPattern('alarms/{id}', getMqttTransportId('plant'), { qos: 1 })
  atOneBroker(@TopicParam('id') id: string, @Payload() code: string): void {
    void [id, code];
  }

  // @ts-expect-error there is no such option
  @EventPattern('typo', Transport.MQTT, { qoss: 1 })
  typoAtOneBroker(): void {}

  // @ts-expect-error there is no such option
  @EventPattern('typo', { qoss: 1 })
  typo(): void {}

  // @ts-expect-error nor such a value
  @MessagePattern('value', { qos: 3 })
  value(): void {}
}

// @ts-expect-error there is no such option of a server
export const server = new ServerMqtt({ urll: 'mqtt://localhost' });
// @ts-expect-error nor of a client
export const client = new ClientMqtt({ Qos: 1 });
