import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, ValidationPipe } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { IsInt, Max } from 'class-validator';
import { lastValueFrom } from 'rxjs';
import { patternsOf, RemoteError, RequestTimeoutError, type MqttClientOptions } from '../../../lib/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs } from '../../support/logs.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';

class Reading {
  @IsInt()
  @Max(100)
  readonly value!: number;
}

const runs = new Journal<string>();
const typed = patternsOf();

@Controller()
class Devices {
  @typed.EventPattern('asked/{device}/state')
  state(): void {
    runs.add('state');
  }

  @EventPattern<string>('asked/+/both')
  heard(): void {
    runs.add('heard');
  }

  @MessagePattern('asked/d7/both')
  both(): string {
    return 'answer';
  }

  @EventPattern<string>('audited/#')
  audit(): void {
    runs.add('audit');
  }

  @MessagePattern('asked/failing', { deadLetter: 'asked/dead' })
  failing(): never {
    throw new RpcException('sold out');
  }

  @EventPattern<string>('asked/dead')
  dead(): void {
    runs.add('dead');
  }

  @MessagePattern('asked/sum')
  sum(numbers: number[]): number {
    runs.add('sum');
    return numbers.length;
  }

  @MessagePattern('asked/teapot')
  teapot(): never {
    throw new RpcException({ statusCode: 422, errors: ['x'] });
  }

  @MessagePattern('asked/long')
  long(): never {
    throw new RpcException({ errors: Array.from({ length: 5_000 }, (_, i) => `error ${i}`) });
  }

  @MessagePattern('asked/secret')
  secret(): never {
    throw Object.assign(new Error('db is down'), { password: 'secret' });
  }

  @MessagePattern('asked/validated')
  validated(@Payload() { value }: Reading): number {
    return value;
  }
}

const warnings = (): string[] => transportLogs('warn');

/** The message of the error that a request ends with, in an application with a ValidationPipe. */
async function messageOf(broker: BrokerUnderTest, topic: string, data: unknown): Promise<string> {
  const { app } = await createServer(broker.connection, { controllers: [Devices] });
  app.useGlobalPipes(new ValidationPipe());
  await app.listen();
  const request = createClient(broker.connection).request(topic, data);
  const error = await request.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RemoteError);
  return (error as Error).message;
}

beforeEach(() => runs.clear());

describeEachBroker('a request that is a mistake', (broker) => {
  const impatient = (options: MqttClientOptions = {}) =>
    createClient({ ...broker.connection, requestTimeout: 500, ...options });

  const formats: readonly MqttClientOptions[] = broker.protocolVersion === 5 ? [{}, { envelope: 'nest' }] : [{}];

  it.each(formats)('for a topic with event handlers only is not answered: %j', async (format) => {
    await startServer(broker.connection, { controllers: [Devices] });
    const client = impatient(format);
    for (const device of ['d7', 'd8']) {
      const error = await client.request(`asked/${device}/state`, 1).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RequestTimeoutError);
      expect((error as Error).message).toBe(
        `No reply to the request on "asked/${device}/state" within 500 ms. Check that a @MessagePattern handler is subscribed to it ` +
          '(an @EventPattern does not reply), or allow more time (requestTimeout, setTimeout).',
      );
    }
    expect(runs.entries).toEqual(['state', 'state']);
    expect(warnings()).toEqual([
      'A request on "asked/d7/state" has only event handlers here and is not answered: "asked/{device}/state" (Devices.state()) ' +
        'is an @EventPattern. Use @MessagePattern, or emit() at the caller, unless another service replies.',
    ]);
  });

  it('no warning where a request handler replies, where a handler listens to everything, and for an event', async () => {
    await startServer(broker.connection, { controllers: [Devices] });
    const client = impatient();
    await expect(client.request('asked/d7/both', 1)).resolves.toMatchObject({ data: 'answer' });
    await expect(client.request('audited/a', 1)).rejects.toThrow(RequestTimeoutError);
    await lastValueFrom(client.emit('asked/d7/state', 1), { defaultValue: undefined });
    expect((await runs.atLeast(3)).toSorted()).toEqual(['audit', 'heard', 'state']);
    expect(warnings()).toEqual([]);
  });

  it('no warning for the dead letter of a request, which still names where the reply went', async () => {
    await startServer(broker.connection, { controllers: [Devices] });
    await expect(impatient().request('asked/failing', 1)).rejects.toThrow('sold out');
    await runs.atLeast(1);
    expect(runs.entries).toEqual(['dead']);
    expect(warnings()).toEqual([]);
  });

  it('an event for a topic with a request handler only runs it, and what it returns is not sent', async () => {
    await startServer(broker.connection, { controllers: [Devices] });
    const client = impatient();
    await lastValueFrom(client.emit('asked/sum', [1, 2]), { defaultValue: undefined });
    expect(await runs.atLeast(1)).toEqual(['sum']);
    await expect(client.request('asked/sum', [1, 2])).resolves.toMatchObject({ data: 2 });
    expect(logs.entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  describe('and a RemoteError says', () => {
    it.each([
      ['the text of an RpcException', 'asked/failing', '(rpc): sold out'],
      ['what was refused', 'asked/validated', '(rpc): value must not be greater than 100'],
      ['what an object without a message holds', 'asked/teapot', '(rpc): {"statusCode":422,"errors":["x"]}'],
    ])('%s', async (_, topic, reason) => {
      expect(await messageOf(broker, topic, { value: 101 })).toBe(`The handler of "${topic}" failed ${reason}`);
    });

    it('no more than 1,024 characters of it', async () => {
      const message = await messageOf(broker, 'asked/long', 1);
      expect(message).toMatch(/^The handler of "asked\/long" failed \(rpc\): \{"errors":\["error 0",/);
      expect(message).toHaveLength('The handler of "asked/long" failed (rpc): '.length + 1_024);
    });

    it('nothing that Nest does not send to callers', async () => {
      expect(await messageOf(broker, 'asked/secret', 1)).toBe(
        'The handler of "asked/secret" failed (internal): Internal server error; the log of its server has the reason',
      );
    });
  });
});
