import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { getMqttTransportId } from 'nestjs-mqtt-transport';
import { CLOUD } from '../brokers.js';
import { ReadingsRepository, type Reading } from './readings.repository.js';

/** Handles requests of head office on the cloud's broker: `sites/<site>/readings/latest`. */
@Controller()
export class HeadOfficeController {
  constructor(private readonly readings: ReadingsRepository) {}

  @MessagePattern('readings/latest', getMqttTransportId(CLOUD))
  latest(@Payload() deviceId: string): Reading {
    const reading = this.readings.latest(deviceId);
    if (reading === undefined) throw new RpcException({ statusCode: 404, message: `${deviceId} has not reported` });
    return reading;
  }
}
