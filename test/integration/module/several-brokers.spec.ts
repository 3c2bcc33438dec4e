import { describe, expect, it } from '@jest/globals';
import { Catch, Controller, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import {
  ClientMqtt,
  getMqttClientToken,
  getMqttServerToken,
  getMqttTransportId,
  MqttModule,
  ServerMqtt,
} from '../../../lib/index.js';
import type { MqttBroker } from '../../../lib/testing/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { Journal } from '../../support/journal.js';
import { moduleOf } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { reconnected, rejection, statesOf } from '../lifecycle/scene.js';

const seen = new Journal<string>();

@Controller()
class Handlers {
  @EventPattern<string>('east', getMqttTransportId('east'))
  east(@Payload() data: string): void {
    seen.add(`east ${data}`);
  }

  @EventPattern<string>('west', getMqttTransportId('west'))
  west(@Payload() data: string): void {
    seen.add(`west ${data}`);
  }

  // Nest keeps one transport for a method: on several brokers, but not all, a handler has a method for each
  @EventPattern<string>('both', getMqttTransportId('east'))
  bothEast(@Payload() data: string): void {
    this.both(data);
  }

  @EventPattern<string>('both', getMqttTransportId('west'))
  bothWest(@Payload() data: string): void {
    this.both(data);
  }

  @MessagePattern('everywhere')
  everywhere(): never {
    throw new Error('as it is');
  }

  private both(data: string): void {
    seen.add(`both ${data}`);
  }
}

@Catch()
class Filter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): Observable<never> {
    return throwError(() => ({ message: `filtered in ${host.getType()}` }));
  }
}

async function start() {
  const [office, east, west] = [
    await startInProcessBroker(),
    await startInProcessBroker(),
    await startInProcessBroker(),
  ];
  const imports = [
    MqttModule.forRoot(connectionTo(office.url)),
    MqttModule.forRoot({ name: 'east', ...connectionTo(east.url), clientId: 'east' }),
    MqttModule.forRoot({ name: 'west', ...connectionTo(west.url), clientId: 'west' }),
  ];
  const app = await NestFactory.create(moduleOf({ imports, controllers: [Handlers] }));
  closeAfterTest(() => app.close());
  app.useGlobalFilters(new Filter());
  app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
  app.connectMicroservice({ strategy: app.get(getMqttServerToken('east')) }, { inheritAppConfig: true });
  app.connectMicroservice({ strategy: app.get(getMqttServerToken('west')) }); // without the filter
  await app.startAllMicroservices();
  return { app, brokers: [office.broker, east.broker, west.broker] as const };
}

function filtersOf({ clients }: MqttBroker): string[] {
  return clients.flatMap(({ subscriptions }) => subscriptions.map(({ filter }) => filter)).toSorted();
}

describe('an application on three brokers', () => {
  it('serves each handler on one, on two or on all of them', async () => {
    const { app, brokers } = await start();
    expect(brokers.map(filtersOf)).toEqual([
      ['everywhere'],
      ['both', 'east', 'everywhere'],
      ['both', 'everywhere', 'west'],
    ]);
    for (const name of ['east', 'west']) {
      const client = app.get<ClientMqtt>(getMqttClientToken(name));
      await client.publish(name, name, { qos: 1 });
      await client.publish('both', name, { qos: 1 });
    }
    const expected = ['both east', 'both west', 'east east', 'west west'];
    expect((await seen.atLeast(4)).toSorted()).toEqual(expected);
  });

  it('inheritAppConfig is each server’s own', async () => {
    const { app } = await start();
    const answers = [undefined, 'east', 'west'].map(async (name) => {
      const error = await rejection(app.get<ClientMqtt>(getMqttClientToken(name)).request('everywhere', 1));
      return (error as Error & { data: { message: string } }).data.message;
    });
    expect(await Promise.all(answers)).toEqual(['filtered in rpc', 'filtered in rpc', 'Internal server error']);
  });

  it('one that is away is nothing to the others', async () => {
    const { app, brokers } = await start();
    const [, east, west] = brokers;
    const states = statesOf(app.get<ServerMqtt>(getMqttServerToken('east')));
    await east.stop();
    await states.first((state) => state === 'disconnected');
    seen.clear();
    west.publish({ topic: 'west', payload: '"alone"' });
    expect(await seen.atLeast(1)).toEqual(['west alone']);
    await east.start();
    await reconnected(states);
  });
});
