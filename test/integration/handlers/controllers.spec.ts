import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { MqttSubscription, TopicParam } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

describeEachBroker('controllers under a prefix (row 26)', (broker) => {
  it('the same relative patterns in two of them do not collide', async () => {
    const events = new Journal<string>();

    @Controller()
    @MqttSubscription({ prefix: 'kitchen/' })
    class Kitchen {
      @MessagePattern('state')
      state(): string {
        return 'kitchen';
      }

      @EventPattern('opened')
      opened(@Payload() what: string): void {
        events.add(`kitchen ${what}`);
      }
    }

    @Controller()
    @MqttSubscription({ prefix: 'cellar/' })
    class Cellar {
      @MessagePattern('state')
      state(): string {
        return 'cellar';
      }

      @EventPattern('opened')
      opened(@Payload() what: string): void {
        events.add(`cellar ${what}`);
      }
    }

    const subscribeOptions = { prefix: 'house/' };
    await startServer({ ...broker.connection, subscribeOptions }, { controllers: [Kitchen, Cellar] });
    const client = createClient(broker.connection);
    expect(await firstValueFrom(client.send('house/kitchen/state', ''))).toBe('kitchen');
    expect(await firstValueFrom(client.send('house/cellar/state', ''))).toBe('cellar');
    await client.publish('house/cellar/opened', 'door');
    await client.publish('house/kitchen/opened', 'window');
    expect(await events.atLeast(2)).toEqual(['cellar door', 'kitchen window']);
  });

  it('handlers that are inherited serve each controller under its own prefix, on its own instance', async () => {
    abstract class Room {
      abstract readonly name: string;

      @MessagePattern('state/{lamp}')
      state(@TopicParam('lamp') lamp: string): string {
        return `${this.name} ${lamp}`;
      }

      @MessagePattern('name')
      ownName(): string {
        return this.name;
      }
    }

    @Controller()
    @MqttSubscription({ prefix: 'rooms/attic/' })
    class Attic extends Room {
      override readonly name = 'attic';
    }

    @Controller()
    @MqttSubscription({ prefix: 'rooms/hall/' })
    class Hall extends Room {
      override readonly name = 'hall';

      @MessagePattern('name')
      override ownName(): string {
        return 'the hall';
      }
    }

    await startServer(broker.connection, { controllers: [Attic, Hall] });
    const client = createClient(broker.connection);
    const ask = (topic: string): Promise<string> => firstValueFrom(client.send<string>(topic, ''));
    expect(await ask('rooms/attic/state/1')).toBe('attic 1');
    expect(await ask('rooms/hall/state/2')).toBe('hall 2');
    expect(await ask('rooms/attic/name')).toBe('attic');
    expect(await ask('rooms/hall/name')).toBe('the hall');
  });

  it('slashes mean what is written: leading, trailing, double, and none between prefix and pattern', async () => {
    const seen = new Journal<string>();
    const record = (pattern: string): new () => object => {
      @Controller()
      class Slashes {
        @EventPattern<string>(pattern)
        handle(): void {
          seen.add(pattern);
        }
      }
      return Slashes;
    };
    const patterns = ['/lead', 'trail/', 'mid//dle', 'joined'];
    const subscribeOptions = { prefix: 'slashes' };
    await startServer({ ...broker.connection, subscribeOptions }, { controllers: patterns.map(record) });
    const device = await connectMqttJs(broker);
    const others = ['slashes/joined', 'slashestrail', 'slashesmid/dle', '/lead', 'slasheslead'];
    for (const topic of others) await device.publishAsync(topic, '');
    for (const pattern of patterns) await device.publishAsync(`slashes${pattern}`, '');
    expect(await seen.atLeast(patterns.length)).toEqual(patterns);
  });
});
