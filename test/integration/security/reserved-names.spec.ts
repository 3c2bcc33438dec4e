import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern } from '@nestjs/microservices';
import {
  ClientMqtt,
  InvalidOptionsError,
  MqttContext,
  MqttRecordBuilder,
  MqttResponse,
  ServerMqtt,
} from '../../../lib/index.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { rejection } from '../lifecycle/scene.js';

const FORGED = { 'nest-error': 'rpc' };

@Controller()
class PassesOn {
  /** Copies what the caller has sent into the reply, as many a handler does. */
  @MessagePattern<string>('passes/on')
  passOn(_data: unknown, @Ctx() { userProperties }: MqttContext): MqttResponse {
    return new MqttResponse('done', { userProperties: { ...userProperties } });
  }
}

describe('User Properties of the wire contract', () => {
  it.each<[where: string, attempt: () => unknown]>([
    ['the options of a client', () => new ClientMqtt({ userProperties: FORGED })],
    ['publishOptions', () => new ServerMqtt({ publishOptions: { userProperties: FORGED } })],
    ['MqttResponse', () => new MqttResponse(1, { userProperties: FORGED })],
  ])('are refused in %s', (_, attempt) => {
    expect(attempt).toThrow(InvalidOptionsError);
    expect(attempt).toThrow(/nest-error/);
  });

  it('are refused in a message, by the call', async () => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    for (const call of [
      async () => client.publish('a', 1, { userProperties: FORGED }),
      async () => client.publish('a', new MqttRecordBuilder(1).setUserProperties(FORGED).build()),
    ])
      expect(await rejection(call())).toBeInstanceOf(InvalidOptionsError);
  });

  it('those of a dead letter may be passed on', async () => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    const userProperties = { 'nest-dead-letter-topic': 'jobs' };
    await expect(client.publish('a', 1, { userProperties })).resolves.toBeUndefined();
  });

  it('a request that carries one, and a handler that passes it on: a failed call, and not a forged one', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [PassesOn] });
    const replied = broker.waitFor('publish', ({ message }) => message.topic === 'answers');
    broker.publish({
      topic: 'passes/on',
      payload: '1',
      properties: {
        responseTopic: 'answers',
        correlationData: Buffer.from('1'),
        userProperties: { 'nest-stream': '0' },
      },
    });
    const { message } = await replied;
    expect(message.properties.userProperties).toEqual({ 'nest-error': 'internal' });
  });
});
