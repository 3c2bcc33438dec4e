import { Controller, Injectable, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  ClientMqtt,
  MemoryDeadLetterStore,
  MqttModule,
  MqttSubscription,
  type MqttModuleOptions,
} from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';

export const store = new MemoryDeadLetterStore();
export const handled = new Journal<string>();
export const connection: { url?: string; protocolVersion?: 4 | 5 } = {};

@Injectable()
class Stock implements OnModuleInit {
  private open = false;

  constructor(private readonly client: ClientMqtt) {}

  onModuleInit(): void {
    this.open = true;
  }

  async take(order: string): Promise<void> {
    if (!this.open) throw new Error('the stock is not open');
    if (order.startsWith('bad')) throw new RangeError(`${order} is out of stock`);
    await this.client.publish('stock/taken', order, { qos: 1 });
    handled.add(order);
  }
}

@Controller()
class Orders {
  constructor(private readonly stock: Stock) {}

  @MqttSubscription({ qos: 1, deadLetter: true })
  @EventPattern<string>('orders/created')
  created(@Payload() order: string): Promise<void> {
    return this.stock.take(order);
  }
}

function moduleWith(options: MqttModuleOptions): DynamicModule {
  @Module({ controllers: [Orders], providers: [Stock] })
  class ShopModule {}
  return { module: ShopModule, imports: [MqttModule.forRoot(options)] };
}

/** An application whose session and will a command must not affect. */
export function AppModule(): DynamicModule {
  return moduleWith({
    ...connection,
    clientId: 'shop',
    clean: false,
    ...(connection.protocolVersion === 4 ? {} : { properties: { sessionExpiryInterval: 600 } }),
    will: { topic: 'shop/gone', payload: Buffer.from('gone'), qos: 1, retain: false },
    deadLetters: { store, maxReplays: 2 },
  });
}

/** An application that keeps no letters. */
export function WithoutStore(): DynamicModule {
  return { module: class Empty {}, imports: [MqttModule.forRoot(connection)] };
}

/** An application that keeps letters of two brokers. */
export function TwoBrokers(): DynamicModule {
  const deadLetters = { store };
  return {
    module: class Two {},
    imports: [
      MqttModule.forRoot({ ...connection, name: 'plant', deadLetters }),
      MqttModule.forRoot({ ...connection, name: 'office', deadLetters }),
    ],
  };
}
