import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { getMqttTransportId, InjectMqttClient, type ClientMqtt } from 'nestjs-mqtt-transport';
import { say } from './say.js';

/** How long it takes to deal with an alarm: long enough to be in the middle of one when the application is stopped. */
export const WORK_MS = 200;

export interface Alarm {
  readonly id: number;
  readonly machine: string;
}

/** Takes alarms from the plant's broker, and reports them on the office's. */
@Controller()
export class AlarmsController {
  constructor(@InjectMqttClient() private readonly office: ClientMqtt) {}

  @EventPattern('alarms/{machine}', getMqttTransportId('plant'))
  async onAlarm(@Payload() alarm: Alarm): Promise<void> {
    say('worker', `alarm ${alarm.id} of ${alarm.machine}`);
    await sleep(WORK_MS);
    await this.office.publish('reports', alarm, { qos: 1 }); // acknowledged by the office before the plant hears of it
  }
}
