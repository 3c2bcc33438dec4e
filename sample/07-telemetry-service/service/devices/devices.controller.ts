import { Controller, Get, NotFoundException, Param, Sse, type MessageEvent } from '@nestjs/common';
import { ClientMqtt } from 'nestjs-mqtt-transport';
import { map, type Observable } from 'rxjs';
import type { ReadingDto } from '../readings/reading.dto.js';
import { ReadingsRepository, type Reading } from '../readings/readings.repository.js';
import { DeviceIdPipe } from './device-id.pipe.js';

/** Devices over HTTP. */
@Controller('devices/:device')
export class DevicesController {
  constructor(
    private readonly plant: ClientMqtt,
    private readonly readings: ReadingsRepository,
  ) {}

  /** From the database. */
  @Get('readings/latest')
  latest(@Param('device', DeviceIdPipe) device: string): Reading {
    const reading = this.readings.latest(device);
    if (reading === undefined) throw new NotFoundException(`${device} has not reported`);
    return reading;
  }

  /** From the device itself: 404 when the broker reports no subscriber (QoS 1), 504 when the device does not reply. */
  @Get('state')
  async state(@Param('device', DeviceIdPipe) device: string): Promise<unknown> {
    return (await this.plant.request(`devices/${device}/state`, undefined, { qos: 1 })).data;
  }

  /** Live readings, as Server-Sent Events. */
  @Sse('feed')
  feed(@Param('device', DeviceIdPipe) device: string): Observable<MessageEvent> {
    return this.plant.messages<ReadingDto>(`devices/${device}/readings`).pipe(map(({ data }) => ({ data })));
  }
}
