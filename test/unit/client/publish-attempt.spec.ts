import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { publishWithin } from '../../../lib/client/publish-attempt.js';
import type { OutgoingMessage } from '../../../lib/protocol/application-message.js';
import { Publisher } from '../../../lib/wire/outbound/publisher.js';
import { FakeConnection, LogBook } from '../wire/support/fake-connection.js';
import { turns } from '../wire/support/network.js';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

const MESSAGE: OutgoingMessage = { topic: 'a', payload: 'x', qos: 1, retain: false };

/** A message that is published, and what becomes of it. */
class Bench {
  readonly connection = new FakeConnection();
  readonly publisher = new Publisher(
    this.connection.real,
    { offline: 'queue', maxQueuedMessages: 10 },
    new LogBook().logger,
  );
  readonly abort = new AbortController();
  readonly ends: unknown[] = [];

  publish(how: { timeout?: number; abortable?: boolean }, message = MESSAGE): void {
    const { timeout, abortable } = how;
    const signal = abortable ? this.abort.signal : undefined;
    const options = { ...(timeout !== undefined && { timeout }), ...(signal && { signal }) };
    publishWithin(this.publisher, message, options).then(
      () => this.ends.push('done'),
      (error: unknown) => this.ends.push(error),
    );
  }

  open(): void {
    this.connection.accept();
    void this.publisher.open(false);
  }

  /** Topics that the broker has read. */
  async read(): Promise<string[]> {
    await this.connection.network!.read();
    return this.connection.network!.received.map((packet) => (packet.cmd === 'publish' ? packet.topic : packet.cmd));
  }

  /** Whether nothing waits any more for time or signal. */
  get isQuiet(): boolean {
    return jest.getTimerCount() === 0 && getEventListeners(this.abort.signal, 'abort').length === 0;
  }
}

const HOW = [{}, { timeout: 5_000 }, { timeout: Infinity }, { abortable: true }, { timeout: 5_000, abortable: true }];

describe('publishWithin', () => {
  it.each(HOW)('%j ends as the message does', async (how) => {
    const bench = new Bench();
    bench.open();
    bench.publish(how);
    bench.publish(how);
    await turns();
    expect(bench.ends).toEqual([]);
    bench.publisher.acknowledged('puback', 1, 0x10);
    bench.publisher.acknowledged('puback', 2, 0x87);
    await turns();
    expect(bench.ends).toEqual(['done', expect.objectContaining({ code: 'ERR_MQTT_PUBLISH_REFUSED' })]);
    expect(bench.isQuiet).toBe(true);
  });

  it.each(HOW)('%j ends when the message is refused before it is sent', async (how) => {
    const bench = new Bench();
    bench.publish(how, { ...MESSAGE, topic: '\0' });
    await turns();
    expect(bench.ends).toMatchObject([{ code: 'ERR_MQTT_INVALID_TOPIC' }]);
    expect(bench.isQuiet).toBe(true);
  });
});

describe.each<[string, (bench: Bench) => void, object]>([
  [
    'its timeout',
    (bench) => bench.publish({ timeout: 5_000 }),
    { code: 'ERR_MQTT_PUBLISH_TIMEOUT', topic: 'a', timeout: 5_000 },
  ],
  [
    'its signal',
    (bench) => bench.publish({ abortable: true }),
    { code: 'ERR_MQTT_PUBLISH_CANCELLED', topic: 'a', cause: 'enough' },
  ],
])('publishWithin, when %s ends the wait', (name, publish, expected) => {
  const giveUp = (bench: Bench): void => {
    if (name === 'its timeout') jest.advanceTimersByTime(5_000);
    else bench.abort.abort('enough');
  };

  it('a message that waits is never sent', async () => {
    const bench = new Bench();
    publish(bench);
    bench.publish({}, { ...MESSAGE, topic: 'other' });
    giveUp(bench);
    await turns();
    expect(bench.ends).toMatchObject([{ ...expected, maybePublished: false }]);
    expect(bench.publisher.pending).toBe(1);
    bench.open();
    expect(await bench.read()).toEqual(['other']);
    expect(bench.isQuiet).toBe(true);
  });

  it('a message that is under way may have been sent; what comes of it later is nobody’s', async () => {
    const bench = new Bench();
    bench.open();
    publish(bench);
    giveUp(bench);
    await turns();
    expect(bench.ends).toMatchObject([{ ...expected, maybePublished: true }]);
    expect(bench.publisher.acknowledged('puback', 1, 0)).toBe(true);
    expect(await bench.read()).toEqual(['a']);
    expect(bench.isQuiet).toBe(true);
    expect(bench.ends).toHaveLength(1);
  });

  it('a message that waited, and is under way since, may have been sent', async () => {
    const bench = new Bench();
    publish(bench);
    bench.open();
    giveUp(bench);
    await turns();
    expect(bench.ends).toMatchObject([{ ...expected, maybePublished: true }]);
  });

  it('a message that has come to its end stays with that', async () => {
    const bench = new Bench();
    bench.open();
    publish(bench);
    bench.publisher.acknowledged('puback', 1, 0);
    giveUp(bench);
    await turns();
    expect(bench.ends).toEqual(['done']);
  });
});

describe('publishWithin, with a signal that has aborted', () => {
  it('hands nothing over', async () => {
    const bench = new Bench();
    bench.open();
    bench.abort.abort('enough');
    bench.publish({ timeout: 5_000, abortable: true });
    await turns();
    expect(bench.ends).toMatchObject([{ code: 'ERR_MQTT_PUBLISH_CANCELLED', maybePublished: false, cause: 'enough' }]);
    expect(await bench.read()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
