import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { getMqttTransportId, InjectMqttClient, type ClientMqtt } from 'nestjs-mqtt-transport';
import { say } from './say.js';

/** Duration of the handling of an alarm: long enough that handlers run when the application is stopped. */
export const WORK_MS = 200;

export interface Alarm {
  readonly id: number;
  readonly machine: string;
}

/** Receives alarms from the broker of the plant, and publishes reports to the broker of the office. */
@Controller()
export class AlarmsController {
  constructor(@InjectMqttClient() private readonly office: ClientMqtt) {}

  @EventPattern('alarms/{machine}', getMqttTransportId('plant'))
  async onAlarm(@Payload() alarm: Alarm): Promise<void> {
    say('worker', `alarm ${alarm.id} of ${alarm.machine}`);
    await sleep(WORK_MS);
    await this.office.publish('reports', alarm, { qos: 1 }); // published to the office before the alarm is acknowledged
  }
}
