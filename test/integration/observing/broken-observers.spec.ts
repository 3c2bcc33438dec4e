import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import type { MqttObserver } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { RecordingObserver } from '../../support/recording-observer.js';

const HOOKS = [
  'follows',
  'publish',
  'request',
  'received',
  'handle',
  'retried',
  'handled',
  'deadLettered',
  'settled',
  'completed',
  'dropped',
  'connection',
] as const satisfies readonly (keyof MqttObserver)[];

/** An observer whose every method does the same. */
function everyHook(name: string, what: () => unknown): MqttObserver {
  const Broken = { [name]: class {} }[name]!;
  return Object.assign(new Broken(), Object.fromEntries(HOOKS.map((hook) => [hook, what])));
}

const BROKEN: readonly (readonly [string, () => unknown])[] = [
  [
    'Throws',
    () => {
      throw new Error('a broken observer');
    },
  ],
  ['Rejects', () => Promise.reject(new Error('a broken observer'))],
  ['Nonsense', () => 42],
  ['Promises', () => new Promise(() => {})],
  [
    'ThrowsAtTheEnd',
    () => () => {
      throw new Error('a broken observer');
    },
  ],
];

function freeze(told: object): void {
  Object.freeze(told);
}

describeEachBroker('an observer that is broken', (broker) => {
  const seen = new Journal<unknown>();

  @Controller()
  class Things {
    @EventPattern('broken/event', { retry: { attempts: 2, delay: 1 }, deadLetter: 'broken/dead', qos: 1 })
    event(@Payload() value: number): void {
      seen.add(value);
      if (value === 0) throw new Error('it fails');
    }

    @MessagePattern('broken/request')
    request(@Payload() value: number): number {
      return value * 2;
    }
  }

  it.each(BROKEN)('%s: handlers run, callers get their replies, and other observers are told', async (name, what) => {
    seen.clear();
    const [before, after] = [new RecordingObserver(), new RecordingObserver()];
    const observers = [before, everyHook(name, what), after];
    await startServer({ ...broker.connection, observers }, { controllers: [Things] });
    const client = createClient({ ...broker.connection, observers });
    expect(await firstValueFrom(client.send('broken/request', 21))).toBe(42);
    for (const value of [1, 0, 2]) await client.publish('broken/event', value, { qos: 1 });
    await after.told.until(
      (told) => told.filter(({ hook }) => hook === 'completed').length === 4,
      'the end of all four messages',
    );
    expect(seen.entries.toSorted((a, b) => Number(a) - Number(b))).toEqual([0, 0, 1, 2]);
    expect(after.words).toEqual(before.words);
    expect(after.words).toContain('settled: dead-lettered');
  });

  it('that injects what no packet can carry: callers get their replies all the same', async () => {
    const injecting: MqttObserver = {
      publish: (message) => {
        message.inject('control', 'a\u0001b');
        message.inject('long', 'x'.repeat(70_000));
        message.inject('nest-error', 'rpc');
        message.inject('number', 42 as unknown as string);
      },
    };
    await startServer({ ...broker.connection, observers: [injecting] }, { controllers: [Things] });
    const client = createClient({ ...broker.connection, observers: [injecting] });
    expect(await firstValueFrom(client.send('broken/request', 21))).toBe(42);
  });

  it('that freezes what it is told: callers get their replies, and messages are decided', async () => {
    const freezing: MqttObserver = { publish: freeze, request: freeze, received: freeze };
    const observer = new RecordingObserver();
    const observers = [freezing, observer];
    await startServer({ ...broker.connection, observers }, { controllers: [Things] });
    const client = createClient({ ...broker.connection, observers });
    expect(await firstValueFrom(client.send('broken/request', 21))).toBe(42);
    await client.publish('broken/event', 1, { qos: 1 });
    await observer.told.until((told) => told.filter(({ hook }) => hook === 'completed').length === 2, 'both ends');
    const settled = observer.words.filter((words) => words.startsWith('settled'));
    expect(settled).toEqual(['settled: acked', 'settled: acked']);
    expect(transportLogs('error')).toEqual([]);
  });

  it('that closes the client as it is told of a request: the request ends, and the observer is told how', async () => {
    const observer = new RecordingObserver();
    const closing: MqttObserver = { request: () => void client.close() };
    const client = createClient({ ...broker.connection, observers: [observer, closing] });
    await expect(firstValueFrom(client.send('broken/request', 1))).rejects.toThrow('ended before the request');
    expect(observer.words).toEqual(['request -', 'requested: closed']);
  });

  it('is named in the log, once for each of its methods', async () => {
    const observers = [everyHook('Throws', BROKEN[0]![1])];
    await startServer({ ...broker.connection, observers }, { controllers: [Things] });
    const client = createClient(broker.connection);
    for (let i = 1; i <= 10; i++) await firstValueFrom(client.send('broken/request', i));
    const lines = transportLogs('error').filter((line) => line.includes('handle()'));
    expect(lines).toEqual(['The observer Throws.handle() threw: a broken observer']);
  });
});
