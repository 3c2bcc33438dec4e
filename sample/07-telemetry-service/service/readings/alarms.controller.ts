import { Controller } from '@nestjs/common';
import { Payload, Transport } from '@nestjs/microservices';
import { InjectMqttClient, MqttSubscription, patternsOf, TopicParam, type ClientMqtt } from 'nestjs-mqtt-transport';
import { CLOUD } from '../brokers.js';
import { Settings } from '../settings.js';
import { ReadingDto } from './reading.dto.js';

const { EventPattern } = patternsOf();

/** Readings from this temperature on are alarms. */
export const HOT = 90;

/** Forwards alarms from the plant's broker to the cloud's broker. */
@Controller()
export class AlarmsController {
  constructor(
    private readonly settings: Settings,
    @InjectMqttClient(CLOUD) private readonly cloud: ClientMqtt,
  ) {}

  /** The reading is acknowledged to the plant when the cloud has acknowledged the alarm. */
  @MqttSubscription({ deadLetter: 'dead/{deviceId}/alarms' })
  @EventPattern('devices/{deviceId}/readings', Transport.MQTT)
  async alarm(@TopicParam('deviceId') deviceId: string, @Payload() reading: ReadingDto): Promise<void> {
    if (reading.celsius < HOT) return;
    const topic = `sites/${this.settings.site}/alarms/${deviceId}`;
    await this.cloud.publish(topic, reading, { qos: 1, timeout: 10_000 });
  }
}
