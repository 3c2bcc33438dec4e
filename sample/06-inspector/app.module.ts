import { Module, type DynamicModule } from '@nestjs/common';
import { MemoryDeadLetterStore, MqttModule } from 'nestjs-mqtt-transport';
import { MqttInspectorModule } from 'nestjs-mqtt-transport/inspector';
import { GreenhouseController } from './greenhouse.controller.js';

@Module({})
export class AppModule {
  static of(url: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        MqttModule.forRoot({
          url,
          clientId: 'greenhouse',
          protocolVersion: 5,
          subscribeOptions: { qos: 1 },
          deadLetters: { store: new MemoryDeadLetterStore() },
        }),
        // for development; in production use guards, and allow only what is needed
        MqttInspectorModule.forRoot({
          path: 'inspector',
          allow: ['publish', 'request', 'replay', 'discard'],
          payloads: { mask: ['pin'] },
        }),
      ],
      controllers: [GreenhouseController],
    };
  }
}
