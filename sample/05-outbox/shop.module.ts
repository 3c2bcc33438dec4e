import { Module, type DynamicModule } from '@nestjs/common';
import { MqttModule } from 'nestjs-mqtt-transport';
import { Pool } from 'pg';
import { databaseOf } from './database.js';
import { OrdersService } from './orders.service.js';
import { OutboxRelay } from './outbox-relay.js';

@Module({})
export class ShopModule {
  static of(mqttUrl: string, databaseUrl: string): DynamicModule {
    return {
      module: ShopModule,
      imports: [MqttModule.forRoot({ url: mqttUrl })],
      providers: [{ provide: Pool, useFactory: () => databaseOf(databaseUrl) }, OrdersService, OutboxRelay],
    };
  }
}
