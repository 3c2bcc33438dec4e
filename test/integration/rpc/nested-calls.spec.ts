import { expect, it } from '@jest/globals';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { ClientMqtt, type MqttClientOptions } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { createClient, startServer } from '../../support/nest-application.js';

const CALLS = 500;
/** Calls that wait for each other, each for four QoS 1 exchanges: seconds on a machine that has other things to do. */
const IN_SINGLE_FILE = 100;

@Controller()
class Inner {
  @MessagePattern('inner')
  async answer(@Payload() value: number): Promise<number> {
    await new Promise(setImmediate);
    return value + 1;
  }
}

@Controller()
class Outer {
  constructor(@Inject(ClientMqtt) private readonly client: ClientMqtt) {}

  /** One worker of the server's is left for what it asks. */
  @MessagePattern('outer', { maxWorkers: 10 })
  async ask(@Payload() value: number): Promise<number> {
    return 10 * (await firstValueFrom(this.client.send<number>('inner', value)));
  }

  @MessagePattern('depth')
  async deeper(@Payload() left: number): Promise<number> {
    return left === 0 ? 0 : 1 + (await firstValueFrom(this.client.send<number>('depth', left - 1)));
  }
}

const AT_QOS_1 = { subscribeOptions: { qos: 1 }, publishOptions: { qos: 1 } } as const;

describeEachBroker('a handler that awaits a call of its own', (broker) => {
  const client = (options: MqttClientOptions = {}) =>
    createClient({ ...broker.connection, publishOptions: { qos: 1 }, ...options });
  const provided = { provide: ClientMqtt, useFactory: () => client() };

  it(`to the same server: ${CALLS} at once, at QoS 1, when workers are kept for the inner calls, which are made at QoS 0`, async () => {
    const options = { ...broker.connection, ...AT_QOS_1, maxConcurrency: 11 };
    const providers = [{ provide: ClientMqtt, useFactory: () => createClient(broker.connection) }];
    await startServer(options, { controllers: [Inner, Outer], providers });
    const caller = client();
    const answers = Array.from({ length: CALLS }, (_, i) => caller.request<number>('outer', i));
    expect((await Promise.all(answers)).map(({ data }) => data)).toEqual(
      Array.from({ length: CALLS }, (_, i) => 10 * (i + 1)),
    );
  });

  it('to another server, with one worker each', async () => {
    const options = { ...broker.connection, ...AT_QOS_1, maxConcurrency: 1 };
    await startServer(options, { controllers: [Outer], providers: [provided] });
    await startServer(options, { controllers: [Inner] });
    const caller = client();
    const answers = Array.from({ length: IN_SINGLE_FILE }, (_, i) => caller.request<number>('outer', i));
    expect((await Promise.all(answers)).map(({ data }) => data)).toEqual(
      Array.from({ length: IN_SINGLE_FILE }, (_, i) => 10 * (i + 1)),
    );
  });

  it('to itself, ten levels deep', async () => {
    const options = { ...broker.connection, ...AT_QOS_1 };
    await startServer(options, { controllers: [Outer], providers: [provided] });
    expect((await client().request('depth', 10)).data).toBe(10);
  });

  it('to the same server whose workers are all taken by such calls: the inner call times out, and everything goes on', async () => {
    const options = { ...broker.connection, ...AT_QOS_1, maxConcurrency: 1 };
    const impatient = { provide: ClientMqtt, useFactory: () => client({ requestTimeout: 100 }) };
    await startServer(options, { controllers: [Inner, Outer], providers: [impatient] });
    const caller = client();
    await expect(caller.request('outer', 1)).rejects.toMatchObject({ code: 'internal' });
    expect((await caller.request('inner', 1)).data).toBe(2);
  });
});
