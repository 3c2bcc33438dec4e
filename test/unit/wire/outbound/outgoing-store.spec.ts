import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IClientOptions, Packet } from 'mqtt';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { OutgoingStore } from '../../../../lib/wire/outbound/outgoing-store.js';

type Store = NonNullable<IClientOptions['outgoingStore']>;
type Done = (error?: Error | null) => void;

const TIMEOUT_MS = 5_000;
const MESSAGE: OutgoingMessage = {
  topic: 'a',
  payload: 'x',
  qos: 2,
  retain: true,
  properties: { contentType: 'text/plain' },
};

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

/** A store of which every answer is in the hands of the test, and who uses it. */
class Bench {
  readonly calls: unknown[] = [];
  readonly warnings: string[] = [];
  answer: Done = () => {};
  readonly store: OutgoingStore;

  constructor(overrides: Record<string, unknown> = {}) {
    const taken =
      (name: string) =>
      (...args: unknown[]): void => {
        this.calls.push([name, ...args.slice(0, -1)]);
        this.answer = args.at(-1) as Done;
      };
    const store = { put: taken('put'), del: taken('del'), close: taken('close'), ...overrides };
    this.store = new OutgoingStore(store as unknown as Store, (message) => this.warnings.push(message), TIMEOUT_MS);
  }

  /** Stores the message. @returns what it is told, as it is told it */
  put(): (Error | undefined)[] {
    const told: (Error | undefined)[] = [];
    this.store.put(7, MESSAGE, (error) => told.push(error));
    return told;
  }
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

const failure = new Error('the disk is full');
function broken(): never {
  throw failure;
}

describe('OutgoingStore.put', () => {
  it('stores the message as MQTT.js does, and tells it afterwards', async () => {
    const bench = new Bench();
    const told = bench.put();
    expect(bench.calls).toEqual([['put', { cmd: 'publish', ...MESSAGE, dup: false, messageId: 7 }]]);
    bench.answer();
    expect(told).toEqual([]); // never within the call
    await nextTick();
    expect(told).toEqual([undefined]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('stores no properties where there are none', () => {
    const bench = new Bench();
    bench.store.put(1, { topic: 'a', payload: 'x', qos: 1, retain: false }, () => {});
    expect(bench.calls).toEqual([
      ['put', { cmd: 'publish', topic: 'a', payload: 'x', qos: 1, retain: false, dup: false, messageId: 1 }],
    ]);
  });

  it('tells it once, whatever the store says afterwards', async () => {
    const bench = new Bench();
    const told = bench.put();
    bench.answer();
    bench.answer(failure);
    jest.advanceTimersByTime(TIMEOUT_MS);
    await nextTick();
    expect(told).toEqual([undefined]);
  });

  it.each([
    ['says that it failed', {}, (bench: Bench) => bench.answer(failure)],
    ['throws', { put: broken }, () => {}],
  ])('hands on the failure of a store that %s', async (_, overrides, act) => {
    const bench = new Bench(overrides);
    const told = bench.put();
    act(bench);
    expect(told).toEqual([]);
    await nextTick();
    expect(told).toEqual([failure]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not wait for ever for a store that hangs', async () => {
    const told = new Bench().put();
    jest.advanceTimersByTime(TIMEOUT_MS - 1);
    await nextTick();
    expect(told).toEqual([]);
    jest.advanceTimersByTime(1);
    await nextTick();
    expect(told).toEqual([expect.objectContaining({ message: expect.stringContaining('within 5000 ms') })]);
  });
});

describe('OutgoingStore, of which nobody waits for the answer', () => {
  it('keeps the PUBREL in the place of the message [MQTT-4.3.3-6]', () => {
    const bench = new Bench();
    bench.store.release(7);
    expect(bench.calls).toEqual([['put', { cmd: 'pubrel', messageId: 7 }]]);
  });

  it('deletes by Packet Identifier', () => {
    const bench = new Bench();
    bench.store.delete(7);
    expect(bench.calls).toEqual([['del', { messageId: 7 }]]);
  });

  it.each([
    ['release', 'put', (store: OutgoingStore) => store.release(7)],
    ['delete', 'del', (store: OutgoingStore) => store.delete(7)],
  ])('warns when it fails to %s, and goes on', (_, method, act) => {
    const slow = new Bench();
    act(slow.store);
    slow.answer();
    slow.answer(null);
    expect(slow.warnings).toEqual([]);
    slow.answer(failure);
    expect(slow.warnings).toEqual([expect.stringContaining('the disk is full')]);
    const thrower = new Bench({ [method]: broken });
    act(thrower.store);
    expect(thrower.warnings).toEqual([expect.stringContaining('the disk is full')]);
  });
});

describe('OutgoingStore.close', () => {
  it('closes once, and resolves when the store has called back', async () => {
    const bench = new Bench();
    const closed = jest.fn();
    const ends = [bench.store.close().then(closed), bench.store.close().then(closed)];
    expect(bench.calls).toEqual([['close']]);
    await nextTick();
    expect(closed).not.toHaveBeenCalled();
    bench.answer();
    await Promise.all(ends);
    expect(closed).toHaveBeenCalledTimes(2);
    expect(bench.warnings).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['says that it failed', {}, (bench: Bench) => bench.answer(failure), 'the disk is full'],
    ['throws', { close: broken }, () => {}, 'the disk is full'],
    ['hangs', {}, () => jest.advanceTimersByTime(TIMEOUT_MS), 'within 5000 ms'],
  ])('resolves, and warns, with a store that %s', async (_, overrides, act, words) => {
    const bench = new Bench(overrides);
    const closed = bench.store.close();
    act(bench);
    await closed;
    expect(bench.warnings).toEqual([expect.stringContaining(words)]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('OutgoingStore.messages', () => {
  it('gives what an earlier process has left, in order; of a PUBREL only that there was one', async () => {
    const packets: Packet[] = [
      { cmd: 'publish', ...MESSAGE, dup: false, messageId: 9 },
      { cmd: 'pubrel', messageId: 4 },
      { cmd: 'publish', topic: 'b', payload: Buffer.from('y'), qos: 1, retain: false, dup: false, messageId: 5 },
      { cmd: 'publish', topic: 'c', payload: 'z', qos: 0, retain: false, dup: false },
    ];
    const bench = new Bench({ createStream: () => Readable.from(packets) });
    expect(await bench.store.messages()).toEqual([
      { identifier: 9, released: false, message: MESSAGE },
      { identifier: 4, released: true, message: { topic: '', payload: '', qos: 2, retain: false } },
      { identifier: 5, released: false, message: { topic: 'b', payload: Buffer.from('y'), qos: 1, retain: false } },
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each<[string, () => unknown]>([
    ['throws', broken],
    ['ends with an error', () => new Readable({ read: (): void => {} }).destroy(failure)],
  ])('gives nothing of a store that %s, and warns', async (_, createStream) => {
    const bench = new Bench({ createStream });
    expect(await bench.store.messages()).toEqual([]);
    expect(bench.warnings).toEqual([expect.stringContaining('the disk is full')]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives nothing of a store that hangs, and warns', async () => {
    const bench = new Bench({ createStream: () => new Readable({ read: (): void => {} }) });
    const stored = bench.store.messages();
    jest.advanceTimersByTime(TIMEOUT_MS);
    expect(await stored).toEqual([]);
    expect(bench.warnings).toEqual([expect.stringContaining('within 5000 ms')]);
  });
});
