import { Module, type DynamicModule } from '@nestjs/common';
import { MqttModule } from 'nestjs-mqtt-transport';
import { Pool } from 'pg';
import { BillingController } from './billing.controller.js';

@Module({})
export class BillingModule {
  static of(mqttUrl: string, pool: Pool): DynamicModule {
    return {
      module: BillingModule,
      imports: [
        MqttModule.forRoot({
          url: mqttUrl,
          clientId: 'billing',
          clean: false, // messages wait in the session while the service is stopped
          properties: { sessionExpiryInterval: 3_600 },
          reconnect: { initialDelay: 50, maxDelay: 500 },
        }),
      ],
      controllers: [BillingController],
      providers: [{ provide: Pool, useValue: pool }],
    };
  }
}
