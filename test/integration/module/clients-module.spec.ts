import { describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxy, ClientsModule, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { ClientMqtt } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { moduleOf, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const MATH = 'MATH_SERVICE';

@Injectable()
class Invoices {
  constructor(@Inject(MATH) readonly client: ClientProxy) {}
}

@Controller()
class MathController {
  @MessagePattern({ cmd: 'sum' })
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }
}

describe('Nest’s ClientsModule with customClass', () => {
  it.each([
    [
      'register',
      (url: string) => ClientsModule.register([{ name: MATH, customClass: ClientMqtt, options: connectionTo(url) }]),
    ],
    [
      'registerAsync',
      (url: string) =>
        ClientsModule.registerAsync([
          { name: MATH, useFactory: () => ({ customClass: ClientMqtt, options: connectionTo(url) }) },
        ]),
    ],
  ])('%s: the injected client works, and closes with the application', async (_name, clientsModule) => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [MathController] });
    const app = await NestFactory.createApplicationContext(
      moduleOf({ imports: [clientsModule(url)], providers: [Invoices] }),
    );
    closeAfterTest(() => app.close());
    const { client } = app.get(Invoices);
    expect(client).toBeInstanceOf(ClientMqtt);
    expect(await firstValueFrom(client.send({ cmd: 'sum' }, [1, 2]))).toBe(3);
    expect(broker.clients).toHaveLength(2);
    const gone = broker.waitFor('disconnect');
    await app.close();
    await gone;
    expect(broker.clients).toHaveLength(1);
  });
});
