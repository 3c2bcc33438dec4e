import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { ClientMqtt } from 'nestjs-mqtt-transport';
import { catchError, throwError, type Observable } from 'rxjs';
import type { Reading } from './readings.js';

/** The HTTP side: each request becomes a request over MQTT, which one of the workers answers. */
@Controller('devices')
export class DevicesController {
  constructor(private readonly mqtt: ClientMqtt) {}

  @Get(':deviceId')
  latest(@Param('deviceId') deviceId: string): Observable<Reading> {
    return this.mqtt
      .send<Reading>('readings/latest', deviceId)
      .pipe(catchError((error: unknown) => throwError(() => (isNotFound(error) ? notFound(error) : error))));
  }
}

/** The error object of the worker's RpcException is the response. Other errors, such as a timeout, stay errors. */
function isNotFound(error: unknown): error is { message: string } {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === 404;
}

function notFound({ message }: { message: string }): NotFoundException {
  return new NotFoundException(message);
}
