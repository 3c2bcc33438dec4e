import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MqttModule } from 'nestjs-mqtt-transport';
import { MqttHealthIndicator } from 'nestjs-mqtt-transport/health';
import { AlarmsController } from './alarms.controller.js';
import type { Vault } from './credentials.js';
import { HealthController } from './health.controller.js';

@Module({})
export class AppModule {
  static of(plantUrl: string, officeUrl: string, vault: Vault): DynamicModule {
    return {
      module: AppModule,
      imports: [
        MqttModule.forRoot({ url: officeUrl, clientId: 'operations' }),
        MqttModule.forRoot({
          name: 'plant',
          url: plantUrl,
          clientId: 'operations',
          credentials: vault.credentials,
          clean: false, // messages wait in the session while the application is stopped
          properties: { sessionExpiryInterval: 3_600 },
          subscribeOptions: { qos: 1 },
          gracefulTimeout: 10_000,
        }),
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [AlarmsController, HealthController],
      providers: [MqttHealthIndicator],
    };
  }
}
