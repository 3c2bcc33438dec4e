import { expect, it } from '@jest/globals';
import { Controller, ServiceUnavailableException, UseGuards, ValidationPipe, type CanActivate } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { IsInt, Max, validateSync } from 'class-validator';
import { AckPolicy, patternsOf, type MqttServerOptions } from '../../../lib/index.js';
import { acknowledged, acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { letterIn } from '../../support/dead-letters.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

class Reading {
  @IsInt()
  @Max(100)
  readonly value!: number;
}

class Closed implements CanActivate {
  canActivate(): boolean {
    throw new Error('the guard has no database');
  }
}

/** What JavaScript lets a handler throw, and what the log says of it. */
const THROWN: readonly (readonly [unknown, string])[] = [
  [undefined, 'the handler threw undefined'],
  [null, 'the handler threw null'],
  ['out of paper', 'the handler threw the text "out of paper"'],
  ['', 'the handler threw an empty text'],
  [42, 'the handler threw 42'],
  [7n, 'the handler threw 7'],
  [Symbol('paper'), 'the handler threw Symbol(paper)'],
  [(): void => {}, 'the handler threw a function'],
  [new Error(''), 'an error without a message'],
  [new RangeError(''), 'RangeError: an error without a message'],
];

const typed = patternsOf();
const runs = new Journal<string>();
const retry = { attempts: 3, delay: 1 };
const deadLetter = 'mistakes/dead/{device}';

@Controller()
class Devices {
  @EventPattern<string>('mistakes/{device}/validated', { retry, deadLetter })
  validated(@Payload() _reading: Reading): void {
    runs.add('never');
  }

  @EventPattern<string>('mistakes/{device}/down', { retry, deadLetter })
  down(): void {
    runs.add('down');
    throw new Error('db is down');
  }

  @EventPattern<string>('mistakes/{device}/masked', { retry, deadLetter, deadLetterReason: 'masked' })
  masked(): void {
    throw new Error('db is down');
  }

  @EventPattern<string>('mistakes/{device}/remote', { deadLetter })
  remote(): void {
    throw new RpcException({ statusCode: 409, errors: ['taken'] });
  }

  @EventPattern<string>('mistakes/{device}/busy', { retry, deadLetter })
  busy(): void {
    runs.add('busy');
    throw new ServiceUnavailableException('overloaded');
  }

  @EventPattern<string>('mistakes/{device}/stubborn', { retry: { ...retry, permanent: () => true }, deadLetter })
  stubborn(): void {
    throw new TypeError('never again');
  }

  @UseGuards(Closed)
  @EventPattern<string>('mistakes/{device}/guarded', { deadLetter })
  guarded(): void {
    runs.add('never');
  }

  @EventPattern<string>('mistakes/{device}/rejected', { ackPolicy: AckPolicy.REJECT_ON_ERROR, retry })
  rejected(@Payload() _reading: Reading): void {
    runs.add('never');
  }

  @EventPattern<string>('mistakes/{device}/gone')
  gone(): void {
    throw new Error('nobody will know');
  }

  @typed.EventPattern('mistakes/{device}/unkept')
  unkept(@Payload() _reading: Reading): void {
    runs.add('never');
  }

  /** With what class-validator gives, which holds the payload. */
  @EventPattern<string>('mistakes/{device}/listed', { deadLetter })
  listed(data: object): void {
    throw new RpcException(validateSync(Object.assign(new Reading(), data)));
  }

  @EventPattern<string>('mistakes/thrown')
  async thrown(index: number): Promise<never> {
    throw THROWN[index]![0];
  }

  @MessagePattern('mistakes/thrown/by-request')
  thrownByRequest(index: number): never {
    throw THROWN[index]![0];
  }

  @MessagePattern('mistakes/request')
  request(@Payload() { value }: Reading): number {
    return value;
  }

  @MessagePattern('mistakes/secret')
  secret(): never {
    throw new Error('db is down');
  }

  @EventPattern<string>('mistakes/end')
  end(): void {
    runs.add('end');
  }
}

const PERMANENT = ' (the status 4xx is permanent and not retried, see retry.permanent)';
const INVALID = 'value must not be greater than 100';

/** With a global ValidationPipe, as applications have it. */
async function start(broker: Pick<BrokerUnderTest, 'connection'>, options: MqttServerOptions = {}): Promise<void> {
  const { app } = await createServer(
    { ...broker.connection, subscribeOptions: { qos: 1 }, ...options },
    { controllers: [Devices] },
  );
  app.useGlobalPipes(new ValidationPipe());
  await app.listen();
}

/** Lines that speak of a failure, whoever wrote them. */
const complaints = (): string[] =>
  logs.entries.filter(({ level }) => level === 'error' || level === 'warn').map(({ message }) => message);

describeEachBroker('a handler that fails', (broker) => {
  const v5 = broker.protocolVersion === 5;

  it.each([
    ['validated', 1, 'BadRequestException', INVALID],
    ['down', 3, 'Error', 'db is down'],
    ['remote', 1, 'RpcException', '{"statusCode":409,"errors":["taken"]}'],
    ['busy', 3, 'ServiceUnavailableException', 'overloaded'],
    ['stubborn', 1, 'TypeError', 'never again'],
    ['guarded', 1, 'Error', 'the guard has no database'],
    ['listed', 1, 'RpcException', INVALID],
  ])('%s: %i attempts, one line, and a dead letter that says %s: %s', async (kind, attempts, name, message) => {
    runs.clear();
    await start(broker);
    const peer = await connectMqttJs(broker);
    const letters = await subscribeMqttJs(peer, 'mistakes/dead/#', { qos: 1 });
    await peer.publishAsync(`mistakes/d7/${kind}`, '{"value":101}', { qos: 1 });
    const [letter] = await letters.atLeast(1);
    expect(letter!.topic).toBe('mistakes/dead/d7');
    expect(letterIn(letter!)).toMatchObject({
      reason: message,
      error: name,
      topic: `mistakes/d7/${kind}`,
      pattern: `mistakes/{device}/${kind}`,
      attempts,
    });
    const reason = name === 'Error' ? message : `${name}: ${message}`;
    expect(complaints()).toEqual([
      `Handler "mistakes/{device}/${kind}" failed on "mistakes/d7/${kind}" after ${attempts} ` +
        `${attempts === 1 ? 'attempt' : 'attempts'}${kind === 'validated' ? PERMANENT : ''}: ${reason}. The message goes to the dead letter topic "mistakes/dead/d7".`,
    ]);
    expect(transportLogs('debug').filter((line) => line.includes('It runs again in'))).toHaveLength(attempts - 1);
    expect(runs.entries).not.toContain('never');
  });

  it('says no more in its dead letter than callers may know, where that is wished', async () => {
    await start(broker);
    const peer = await connectMqttJs(broker);
    const letters = await subscribeMqttJs(peer, 'mistakes/dead/#', { qos: 1 });
    await peer.publishAsync('mistakes/d7/masked', '1', { qos: 1 });
    const [letter] = await letters.atLeast(1);
    expect(complaints()).toEqual([expect.stringContaining('after 3 attempts: db is down. The message goes to')]);
    expect(letterIn(letter!)).toMatchObject({ reason: 'Internal server error', error: undefined });
  });

  it('rejects the message by its policy, with the reason', async () => {
    const tap = await tapWire(broker.connection);
    await start(tap);
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('mistakes/d7/rejected', '{"value":101}', { qos: 1 });
    await acknowledged(tap, '{"value":101}');
    expect(acknowledgementsOf(tap, 'mistakes/d7/rejected')).toEqual([v5 ? `PUBACK 0x83 "${INVALID}"` : 'PUBACK']);
    const fate = v5
      ? 'is rejected with 0x83'
      : 'is acknowledged: the reason code of a reject is not sent to the broker';
    expect(complaints()).toEqual([
      `Handler "mistakes/{device}/rejected" failed on "mistakes/d7/rejected" after 1 attempt${PERMANENT}: BadRequestException: ${INVALID}. The message ${fate}.`,
    ]);
  });

  it.each([
    [0, 'is lost: QoS 0 has no acknowledgement'],
    [1, 'is acknowledged, and not delivered again'],
  ] as const)('at QoS %i with nothing to keep the message, it says that it %s', async (qos, fate) => {
    await start(broker);
    const peer = await connectMqttJs(broker);
    for (let count = 0; count < 2; count++) await peer.publishAsync('mistakes/d7/gone', '1', { qos });
    await logs.until(() => complaints().length > 1, 'two lines');
    const line = `Handler "mistakes/{device}/gone" failed on "mistakes/d7/gone" after 1 attempt: nobody will know. The message ${fate}.`;
    const more = qos === 0 ? '; qos: 1, here and at the publisher, gives them an acknowledgement' : '';
    expect(complaints()).toEqual([`${line} The option deadLetter keeps such messages${more}.`, line]);
  });

  it('a payload that its DTO refuses: it says which handler, why, what became of the message, and what would keep it', async () => {
    await start(broker);
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('mistakes/d7/unkept', '{"value":101}', { qos: 1 });
    await logs.until(() => complaints().length > 0, 'a line');
    expect(complaints()).toEqual([
      'Handler "mistakes/{device}/unkept" (Devices.unkept()) failed on "mistakes/d7/unkept" after 1 attempt: ' +
        `BadRequestException: ${INVALID}. The message is acknowledged, and not delivered again. The option deadLetter keeps such messages.`,
    ]);
  });

  it.each(THROWN.map(([, said], index) => [said, index] as const))(
    'a value that is no error: %s',
    async (said, index) => {
      await start(broker);
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('mistakes/thrown', `${index}`, { qos: 1 });
      const request = createClient(broker.connection).request('mistakes/thrown/by-request', index);
      await expect(request).rejects.toThrow('Internal server error');
      await logs.until(() => complaints().length > 1, 'two lines');
      expect(complaints().toSorted()).toEqual([
        expect.stringContaining(`"mistakes/thrown" after 1 attempt: ${said}. The message is acknowledged`),
        expect.stringContaining(
          `"mistakes/thrown/by-request" after 1 attempt: ${said}. Its caller gets "Internal server error".`,
        ),
      ]);
    },
  );

  it('tells a caller of its mistake, and logs nothing: the caller knows', async () => {
    await start(broker);
    const request = createClient(broker.connection).request('mistakes/request', { value: 101 });
    await expect(request).rejects.toMatchObject({
      data: { status: 'error', statusCode: 400, message: [INVALID], error: 'Bad Request' },
    });
    expect(complaints()).toEqual([]);
  });

  it('masks what is not the business of a caller, and logs it once, with the stack', async () => {
    await start(broker);
    const request = createClient(broker.connection).request('mistakes/secret', 1);
    await expect(request).rejects.toMatchObject({ data: { status: 'error', message: 'Internal server error' } });
    expect(complaints()).toEqual([
      'Handler "mistakes/secret" failed on "mistakes/secret" after 1 attempt: db is down. ' +
        'Its caller gets "Internal server error".',
    ]);
  });
});

it('a topic of dead letters with a capture that the pattern does not have is refused', async () => {
  @Controller()
  class Jobs {
    @EventPattern<string>('jobs/{id}', { deadLetter: 'failed/{jobId}' })
    job(): void {}
  }

  await expect(startServer({}, { controllers: [Jobs] })).rejects.toThrow(
    'the handler\'s pattern does not capture {jobId}. Add it there, or remove it here (deadLetter of "jobs/{id}")',
  );
});

it('a policy that withholds, at QoS 0 and without a session: one error, and no warning beside it', async () => {
  @Controller()
  class Jobs {
    @EventPattern<string>('jobs', { ackPolicy: AckPolicy.NACK_ON_ERROR })
    job(): void {}
  }

  await expect(startServer({}, { controllers: [Jobs] })).rejects.toThrow("'jobs'.ackPolicy: withheld messages are");
  expect(complaints()).toEqual([]);
});
