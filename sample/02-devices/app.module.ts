import { Module, type DynamicModule } from '@nestjs/common';
import { MqttModule } from 'nestjs-mqtt-transport';
import { TelemetryController, WORKER_NAME } from './telemetry.controller.js';

/** One worker of the back end. */
@Module({})
export class AppModule {
  static of(workerName: string, url: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        MqttModule.forRootAsync({
          // in an application: from an injected ConfigService
          useFactory: () => ({ url, subscribeOptions: { prefix: 'sites/{site}/' } }),
        }),
      ],
      controllers: [TelemetryController],
      providers: [{ provide: WORKER_NAME, useValue: workerName }],
    };
  }
}
