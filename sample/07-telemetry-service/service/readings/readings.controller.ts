import { Controller } from '@nestjs/common';
import { Payload, Transport } from '@nestjs/microservices';
import { MqttSubscription, patternsOf, TopicParam } from 'nestjs-mqtt-transport';
import { ReadingDto } from './reading.dto.js';
import { ReadingsRepository } from './readings.repository.js';

const { EventPattern } = patternsOf();

/** Stores readings. A reading is acknowledged when it is in the database. */
@Controller()
export class ReadingsController {
  constructor(private readonly readings: ReadingsRepository) {}

  /** Database errors are retried; an invalid reading becomes a dead letter at once. */
  @MqttSubscription({ retry: { attempts: 3, delay: 200 }, deadLetter: 'dead/{deviceId}/readings' })
  @EventPattern('devices/{deviceId}/readings', Transport.MQTT)
  reading(@TopicParam('deviceId') deviceId: string, @Payload() reading: ReadingDto): Promise<void> {
    return this.readings.store(deviceId, reading);
  }
}
