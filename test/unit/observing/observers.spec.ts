import { describe, expect, it, jest } from '@jest/globals';
import type { MqttDelivery } from '../../../lib/observing/mqtt-delivery.js';
import type { MqttObservedConnection } from '../../../lib/observing/mqtt-observed-connection.js';
import type { MqttObserver } from '../../../lib/observing/mqtt-observer.js';
import { ObserverComplaints } from '../../../lib/observing/observer-complaints.js';
import { Observers } from '../../../lib/observing/observers.js';

const DELIVERY = {} as MqttDelivery;
const CONNECTION = { protocolVersion: 5 } as MqttObservedConnection;

function observed(...given: MqttObserver[]): { observers: Observers; lines: string[] } {
  const lines: string[] = [];
  const logger = { error: (line: string): void => void lines.push(line) };
  return { observers: new Observers(given, CONNECTION, logger), lines };
}

describe('handle()', () => {
  it('nests observers in their order, and runs the handler in the middle, before it returns', () => {
    const order: string[] = [];
    const layer = (name: string): MqttObserver => ({
      handle: (_delivery, run) => {
        order.push(`${name} in`);
        run();
        order.push(`${name} out`);
      },
    });
    const { observers } = observed(layer('a'), { settled: () => {} }, layer('b'));
    observers.handle(DELIVERY, () => order.push('run'));
    expect(order).toEqual(['a in', 'b in', 'run', 'b out', 'a out']);
  });

  it.each<[string, (run: () => void) => unknown]>([
    ['does not run it', () => undefined],
    ['throws before', () => expectThrow()],
    ['throws behind', (run) => (run(), expectThrow())],
    ['runs it twice', (run) => (run(), run())],
    ['runs it later, too', (run) => void setImmediate(run)],
    ['returns a promise that runs it', async (run) => (await Promise.resolve(), run())],
  ])('an observer that %s: it runs once, before handle() returns', async (_title, handle) => {
    let runs = 0;
    const inner = jest.fn((_delivery: MqttDelivery, run: () => void) => run());
    const { observers } = observed({ handle: (_delivery, run) => handle(run) as undefined }, { handle: inner });
    observers.handle(DELIVERY, () => runs++);
    expect(runs).toBe(1);
    await new Promise(setImmediate);
    expect([runs, inner.mock.calls.length]).toEqual([1, 1]);
  });
});

function expectThrow(): never {
  throw new Error('on purpose');
}

function injecting(value: string): MqttObserver {
  return { publish: (message) => void message.inject('trace', value) };
}

function follows(answer: () => unknown): { follows: boolean; lines: string[] } {
  const { observers, lines } = observed({ follows: answer as () => boolean });
  return { follows: observers.follows({} as never, 'a'), lines };
}

describe('follows()', () => {
  it.each([true, false])('is what the observer says: %s', (answer) => {
    expect(follows(() => answer)).toEqual({ follows: answer, lines: [] });
  });

  it.each<[string, () => unknown]>([
    ['throws', () => expectThrow()],
    ['promises an answer', () => Promise.resolve(false)],
    ['returns a promise that is rejected', () => Promise.reject(new Error('on purpose'))],
    ['returns no answer', () => 42],
  ])('an observer that %s is told of the message, the log says so, and the process goes on', async (_title, answer) => {
    expect(follows(answer)).toEqual({ follows: true, lines: [expect.stringContaining('observer.follows()')] });
    await new Promise(setImmediate); // of an unhandled rejection
  });
});

it('an observer that cannot even be looked at changes nothing', () => {
  let isBroken = false;
  const observer = new Proxy({}, { get: () => (isBroken ? expectThrow() : () => true) });
  const { observers, lines } = observed(observer);
  isBroken = true;
  let runs = 0;
  observers.received(DELIVERY);
  observers.handle(DELIVERY, () => runs++);
  expect([observers.follows({} as never, 'a'), runs]).toEqual([true, 1]);
  expect(lines).toContain('The observer observer.received() threw: on purpose');
});

describe('publish() and request()', () => {
  const parts = { kind: 'event', topic: 'a', template: undefined, qos: 0, retain: false } as const;

  it('tell the end once, whatever is returned, and complain about what is no function', () => {
    const end = jest.fn();
    const { observers, lines } = observed({ publish: () => 42 as never }, { publish: () => end });
    const publication = observers.publish(parts);
    publication.settled(undefined, 0);
    publication.settled(new Error('again'), 0);
    expect(end.mock.calls).toEqual([[{ outcome: 'written', reasonCode: undefined, error: undefined }]]);
    expect(lines).toEqual(['The observer observer.publish() returned a value that is not a function']);
  });

  it.each<[string, unknown, unknown]>([
    ['no text', 'trace', 42],
    ['nothing', 'trace', undefined],
    ['a null character', 'trace', 'a\0b'],
    ['a lone surrogate', 'trace', '\ud800'],
    ['a control character', 'trace', 'a\nb'],
    ['more than a string can hold', 'trace', 'x'.repeat(65_536)],
    ['a name that is too long', 'x'.repeat(65_536), 'value'],
    ['a name that is no text', Symbol('trace'), 'value'],
    ['a name of the wire contract', 'nest-error', 'rpc'],
  ])('what no message can carry is left out, and the message goes out: %s', (_title, name, value) => {
    const answers: boolean[] = [];
    const { observers, lines } = observed({
      publish: (message) => {
        answers.push(message.inject(name as string, value as string), message.inject('good', 'value'));
      },
    });
    const publication = observers.publish(parts);
    expect(answers).toEqual([false, true]);
    const completed = publication.complete({ topic: 'a', payload: '', qos: 0, retain: false });
    expect(completed.properties?.userProperties).toEqual({ good: 'value' });
    expect(lines).toEqual([expect.stringContaining('observer.publish() injected what cannot travel along: ')]);
  });

  it('a text that comes when the message is made does not travel along, and inject() says so', () => {
    const answers: boolean[] = [];
    const { observers } = observed({ publish: (message) => () => void answers.push(message.inject('late', '1')) });
    observers.publish(parts).settled(undefined, 0);
    expect(answers).toEqual([false]);
  });

  it('a promise in place of the function that is told the end is complained about: nothing would be told it', async () => {
    const { observers, lines } = observed({ publish: (() => Promise.resolve(() => {})) as never });
    observers.publish(parts).settled(undefined, 0);
    expect(lines).toEqual(['The observer observer.publish() returned a value that is not a function']);
  });

  it('the later of two observers replaces what the earlier one has injected, and the message what it had', () => {
    const { observers } = observed(injecting('1'), injecting('2'));
    const message = { topic: 'a', payload: 'é', qos: 0, retain: false } as const;
    const publication = observers.publish(parts);
    const userProperties = { trace: 'old', own: 'kept' };
    const completed = publication.complete({ ...message, properties: { userProperties } });
    expect(completed.properties?.userProperties).toEqual({ trace: '2', own: 'kept' });
    expect(userProperties.trace).toBe('old');
    expect(publication.size).toBe(2);
  });
});

describe('what is wrong with an observer', () => {
  it('stands in the log once a minute, with how often it was meanwhile', () => {
    let now = 0;
    const lines: string[] = [];
    const complaints = new ObserverComplaints({ error: (line: string) => void lines.push(line) }, () => now);
    class Tracing {
      settled(): void {}
    }
    for (const at of [0, 1, 59_999, 60_000, 60_001]) {
      now = at;
      complaints.threw(new Tracing(), 'settled', new Error('no'));
    }
    complaints.threw(new Tracing(), 'dropped', 'never');
    expect(lines).toEqual([
      'The observer Tracing.settled() threw: no',
      'The observer Tracing.settled() threw: no (2 more since the last line)',
      'The observer Tracing.dropped() threw: never',
    ]);
  });
});
