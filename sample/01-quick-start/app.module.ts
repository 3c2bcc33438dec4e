import { Module, type DynamicModule } from '@nestjs/common';
import { MqttModule } from 'nestjs-mqtt-transport';
import { DevicesController } from './devices.controller.js';
import { Readings, readings } from './readings.js';
import { TelemetryController, WORKER_NAME } from './telemetry.controller.js';

@Module({})
export class AppModule {
  static of(workerName: string, url: string): DynamicModule {
    return {
      module: AppModule,
      imports: [MqttModule.forRoot({ url, requestTimeout: 5_000 })],
      controllers: [TelemetryController, DevicesController],
      providers: [
        { provide: WORKER_NAME, useValue: workerName },
        { provide: Readings, useValue: readings },
      ],
    };
  }
}
