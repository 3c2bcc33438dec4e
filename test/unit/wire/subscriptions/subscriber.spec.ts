import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IClientSubscribeOptions } from 'mqtt';
import type { SubscriptionRefusedError } from '../../../../lib/errors/subscription-refused.error.js';
import { Subscriber, type SubscriptionRequest } from '../../../../lib/wire/subscriptions/subscriber.js';
import { BROKER, FakeConnection, LogBook } from '../support/fake-connection.js';
import { turns, until } from '../support/network.js';

type Suback = { readonly granted: readonly number[] };
type Answered = (error: Error | null, granted: unknown, suback?: Suback) => void;

interface Asked {
  readonly filters: readonly string[];
  readonly options: IClientSubscribeOptions;
  readonly answered: Answered;
}

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

/** The MQTT.js client, as far as a Subscriber uses it. The test answers for the broker. */
class FakeClient {
  /** SUBSCRIBE packets that wait for their answer, in order. */
  readonly asked: Asked[] = [];
  readonly unsubscribed: string[][] = [];
  unsubscribing: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  subscribe(filters: readonly string[], options: IClientSubscribeOptions, answered: Answered): void {
    if (this.failure) throw this.failure;
    this.asked.push({ filters, options, answered });
  }

  unsubscribeAsync(filters: string[]): Promise<void> {
    this.unsubscribed.push(filters);
    return this.unsubscribing;
  }

  /** As MQTT.js does it when the connection is gone. */
  flush(): void {
    for (const { answered } of this.asked.splice(0)) answered(new Error('Connection closed'), undefined);
  }
}

class Bench {
  readonly connection: FakeConnection;
  readonly subscriber: Subscriber;
  readonly client = new FakeClient();
  readonly log = new LogBook();

  constructor(options: { readonly version?: 4 | 5; readonly maxFiltersPerSubscribe?: number } = {}) {
    const { version = 5, maxFiltersPerSubscribe = 500 } = options;
    this.connection = new FakeConnection(version, { maxFiltersPerSubscribe });
    this.connection.client = this.client;
    this.subscriber = new Subscriber(this.connection.real, this.log.logger);
  }

  connect(how: Parameters<FakeConnection['accept']>[0] = {}): this {
    this.connection.accept(how);
    void this.subscriber.restore();
    return this;
  }

  lose(how: Parameters<FakeConnection['lose']>[0] = {}): ReturnType<FakeConnection['lose']> {
    const loss = this.connection.lose(how);
    this.client.flush();
    return loss;
  }

  subscribe(...requests: (string | SubscriptionRequest)[]): Outcome {
    const whole = requests.map((one) => (typeof one === 'string' ? { filter: one, qos: 1 as const } : one));
    return new Outcome(this.subscriber.subscribe(whole));
  }

  /** Filters of the SUBSCRIBE packets that wait, in order. */
  get asked(): string[] {
    return this.client.asked.map(({ filters }) => filters.join(' '));
  }

  /** The broker answers the first SUBSCRIBE that waits. Default: it grants everything. */
  async answer(codes?: readonly number[]): Promise<void> {
    const { filters, answered } = this.client.asked.shift()!;
    answered(null, undefined, { granted: codes ?? filters.map(() => 1) });
    await turns();
  }
}

/** What became of a call. */
class Outcome {
  state: 'open' | 'done' | 'failed' = 'open';
  error: Error | undefined;

  constructor(promise: Promise<void>) {
    promise.then(
      () => (this.state = 'done'),
      (error: unknown) => {
        this.state = 'failed';
        this.error = error as Error;
      },
    );
  }

  get refused(): readonly { readonly filter: string }[] {
    return (this.error as SubscriptionRefusedError).refused;
  }
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `filter/${i}`);
}

describe('Subscriber', () => {
  it('asks at once when there is a connection, and is done when the broker has granted', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe('a', 'b');
    expect(bench.asked).toEqual(['a b']);
    expect(bench.subscriber.wantedCount).toBe(2);
    expect(bench.subscriber.grantedCount).toBe(0);
    await turns();
    expect(outcome.state).toBe('open');
    await bench.answer();
    expect(outcome.state).toBe('done');
    expect(bench.subscriber.grantedCount).toBe(2);
    expect(bench.subscriber.isGranted('a')).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('asks with the next connection when there is none, and waits for it', async () => {
    const bench = new Bench();
    const outcome = bench.subscribe('a');
    expect(bench.asked).toEqual([]);
    bench.connect();
    expect(bench.asked).toEqual(['a']);
    await bench.answer();
    expect(outcome.state).toBe('done');
  });

  it('does not ask again for what it has asked on this connection', () => {
    const bench = new Bench();
    bench.connection.accept();
    bench.subscribe('a');
    void bench.subscriber.restore();
    expect(bench.asked).toEqual(['a']);
  });

  it('does not take a SUBACK for an answer that does not answer about every filter [MQTT-3.8.4-6]', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe('a', 'b');
    await bench.answer([1]);
    expect(outcome.state).toBe('open');
    expect(bench.subscriber.grantedCount).toBe(0);
    bench.lose({ hangUp: false }); // by MQTT.js
    expect(bench.connect().asked).toEqual(['a b']);
  });

  it('asks with options that 5.0 has', () => {
    const bench = new Bench().connect();
    bench.subscribe({ filter: 'a', qos: 2, nl: true, rap: true, rh: 1, identifier: 7 }, 'b');
    expect(bench.client.asked.map(({ options }) => options)).toEqual([
      { qos: 2, nl: true, rap: true, rh: 1, properties: { subscriptionIdentifier: 7 } },
      { qos: 1, nl: false, rap: false, rh: 0 },
    ]);
  });

  it('asks with the QoS alone on 3.1.1', () => {
    const bench = new Bench({ version: 4 }).connect();
    bench.subscribe({ filter: 'a', qos: 2, nl: true, rap: true, rh: 1, identifier: 7 });
    expect(bench.client.asked.map(({ options }) => options)).toEqual([{ qos: 2 }]);
  });

  it('checks every SUBACK: rejects with all filters that are refused, and keeps the others', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe('a', { filter: 'b', qos: 2 }, 'c');
    await bench.answer([0x87, 1]);
    expect(outcome.state).toBe('open');
    await bench.answer([0x8f]);
    expect(outcome.refused).toEqual([
      { filter: 'a', reasonCode: 0x87, reason: 'not authorized' },
      { filter: 'b', reasonCode: 0x8f, reason: 'topic filter invalid' },
    ]);
    expect(bench.subscriber.wantedCount).toBe(1);
    expect(bench.subscriber.isGranted('c')).toBe(true);
    expect(bench.log.lines).toEqual([]);
  });

  it('takes the SUBACK of 3.1.1 for what it says: 0x80 is a refusal', async () => {
    const bench = new Bench({ version: 4 }).connect();
    const outcome = bench.subscribe('a', 'b');
    await bench.answer([2, 0x80]);
    expect(outcome.refused).toMatchObject([{ filter: 'b', reasonCode: 0x80 }]);
  });

  it('with as many filters in a packet as options and broker allow', () => {
    const bench = new Bench({ maxFiltersPerSubscribe: 20 }).connect({ limits: { maximumPacketSize: 200 } });
    bench.subscribe(...many(30));
    expect(bench.client.asked.length).toBeGreaterThan(2);
    expect(bench.client.asked.flatMap(({ filters }) => filters)).toEqual(many(30));
    bench.client.asked.length = 0;
    new Bench({ maxFiltersPerSubscribe: 20 }).connect().subscribe(...many(30));
    const unbounded = new Bench({ maxFiltersPerSubscribe: 20 }).connect();
    unbounded.subscribe(...many(30));
    expect(unbounded.client.asked.map(({ filters }) => filters.length)).toEqual([20, 10]);
  });

  it('does not ask for what the CONNACK rules out (section 3.2.2.3.13)', async () => {
    const bench = new Bench().connect({ limits: { sharedSubscriptions: false } });
    const outcome = bench.subscribe('$share/g/a', 'b');
    expect(bench.asked).toEqual(['b']);
    await bench.answer();
    expect(outcome.refused).toMatchObject([{ filter: '$share/g/a', reasonCode: 0x9e }]);
    expect(bench.subscriber.wantedCount).toBe(1);
  });

  it('hands on what messageIdProvider throws', async () => {
    const bench = new Bench().connect();
    bench.client.failure = new Error('no identifier');
    const outcome = bench.subscribe('a');
    await turns();
    expect(outcome.error).toBe(bench.client.failure);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not blame the broker for what was never asked', async () => {
    const bench = new Bench().connect();
    bench.client.failure = new Error('no identifier');
    bench.subscribe('never asked');
    await turns();
    bench.client.failure = undefined;
    bench.subscribe('a');
    bench.lose();
    bench.connect({ sessionPresent: true });
    expect(bench.asked.at(-1)).toBe('a'); // alone, after the others
  });
});

/** With these filters granted. */
async function granted(...filters: string[]): Promise<Bench> {
  const bench = new Bench().connect();
  bench.subscribe(...filters);
  await bench.answer();
  return bench;
}

describe('Subscriber, on the next connection', () => {
  it('asks again for all of it in a new session', async () => {
    const bench = await granted('a', 'b');
    bench.lose({ hangUp: false });
    expect(bench.subscriber.grantedCount).toBe(2);
    bench.connect();
    expect(bench.subscriber.grantedCount).toBe(0);
    expect(bench.asked).toEqual(['a b']);
    await bench.answer();
    expect(bench.subscriber.grantedCount).toBe(2);
  });

  it('asks for nothing in a session that is resumed, but for what was not answered', async () => {
    const bench = await granted('a');
    const outcome = bench.subscribe('b');
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.asked).toEqual(['b']);
    await bench.answer();
    expect(outcome.state).toBe('done');
  });

  it('logs what is refused now, keeps it, and asks for it again with the next session', async () => {
    const bench = await granted('a', 'b');
    bench.lose({ hangUp: false });
    bench.connect();
    await bench.answer([0x97, 1]);
    expect(bench.log.lines).toEqual([expect.stringMatching(/^error .*"a" \(0x97 quota exceeded\)/)]);
    expect(bench.subscriber.wantedCount).toBe(2);
    expect(bench.subscriber.grantedCount).toBe(1);
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.asked).toEqual(['a']);
  });

  it('does not have retained messages sent twice when only the SUBACK was lost (Retain Handling 1)', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a', { filter: 'b', qos: 1, rh: 2 });
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.client.asked.map(({ filters, options }) => [filters[0], options.rh])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: false });
    expect(bench.client.asked.map(({ filters, options }) => [filters[0], options.rh])).toEqual([
      ['a', 0],
      ['b', 2],
    ]);
  });

  it('gives up what somebody waits for after 5 connections that did not answer', async () => {
    const bench = new Bench();
    const outcome = bench.subscribe('a');
    for (let i = 0; i < 5; i++) {
      await turns();
      expect(outcome.state).toBe('open');
      bench.connect();
      bench.lose({ hangUp: false });
    }
    await turns();
    expect(outcome.error).toMatchObject({ code: 'ERR_MQTT_CONNECTION_CLOSED', maybeExecuted: false });
    expect(outcome.error?.message).toContain(`Subscribing "a" on ${BROKER} was given up after 5 attempts.`);
    expect(bench.connect().asked).toEqual([]);
  });

  it('does not give up what nobody waits for', async () => {
    const bench = await granted('a');
    for (let i = 0; i < 7; i++) {
      bench.lose({ hangUp: false });
      bench.connect();
    }
    expect(bench.asked).toEqual(['a']);
  });
});

describe('Subscriber, and one filter that is asked for twice', () => {
  it.each<[string, (bench: Bench) => unknown]>([
    ['with a connection', (bench) => bench.connect()],
    ['before there is a connection', () => {}],
  ])('%s: both are done when the broker has granted', async (when, before) => {
    const bench = new Bench();
    before(bench);
    const outcomes = [bench.subscribe('a'), bench.subscribe({ filter: 'a', qos: 2 })];
    if (when.startsWith('before')) bench.connect();
    while (bench.asked.length > 0) await bench.answer();
    expect(outcomes.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(bench.subscriber.wantedCount).toBe(1);
  });

  it.each<[string, (bench: Bench) => unknown]>([
    ['with a connection', (bench) => bench.connect()],
    ['before there is a connection', () => {}],
  ])('in one call, %s: it is done when the broker has granted', async (when, before) => {
    const bench = new Bench();
    before(bench);
    const outcome = bench.subscribe('a', 'a');
    if (when.startsWith('before')) bench.connect();
    while (bench.asked.length > 0) await bench.answer();
    expect(outcome.state).toBe('done');
  });

  it('while the first is not answered: both are done on the next connection', async () => {
    const bench = new Bench().connect();
    const outcomes = [bench.subscribe('a'), bench.subscribe({ filter: 'a', qos: 2 })];
    bench.lose({ hangUp: false });
    bench.connect();
    expect(bench.asked).toEqual(['a']);
    expect(bench.client.asked[0]!.options.qos).toBe(2);
    await bench.answer();
    expect(outcomes.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  it('while the first is not answered: both fail when the connection is closed', async () => {
    const bench = new Bench().connect();
    const outcomes = [bench.subscribe('a'), bench.subscribe({ filter: 'a', qos: 2 })];
    void bench.connection.close();
    bench.client.flush();
    await turns();
    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'failed']);
  });

  it('while the packet of the first waits for its turn: both are done on the next connection', async () => {
    const bench = new Bench({ maxFiltersPerSubscribe: 8 }).connect(); // one packet after another
    const outcomes = [bench.subscribe(...many(10)), bench.subscribe('filter/9')];
    expect(bench.asked).toEqual([many(8).join(' '), 'filter/9']);
    bench.lose({ hangUp: false });
    bench.connect();
    while (bench.asked.length > 0) await bench.answer();
    expect(outcomes.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  it('of which the first is refused: the second is kept', async () => {
    const bench = new Bench().connect();
    const outcomes = [bench.subscribe('a'), bench.subscribe({ filter: 'a', qos: 2 })];
    await bench.answer([0x87]);
    await bench.answer([2]);
    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'done']);
    expect(bench.subscriber.isGranted('a')).toBe(true);
  });

  it('with other options that are refused: it stays with those that were granted', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a');
    await bench.answer();
    const outcome = bench.subscribe({ filter: 'a', qos: 2 });
    expect(bench.subscriber.grantedCount).toBe(1);
    await bench.answer([0x80]);
    expect(outcome.state).toBe('failed');
    expect(bench.subscriber.isGranted('a')).toBe(true);
    bench.lose({ hangUp: false });
    bench.connect();
    expect(bench.client.asked.map(({ options }) => options.qos)).toEqual([1]);
  });

  it('with other options that are refused in a new session: those that were granted before are asked for again', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a');
    await bench.answer();
    bench.subscribe({ filter: 'a', qos: 2 });
    bench.lose({ hangUp: false });
    bench.connect(); // the session is new: nothing is granted in it
    expect(bench.subscriber.grantedCount).toBe(0);
    await bench.answer([0x80]);
    await turns();
    expect(bench.subscriber.isGranted('a')).toBe(false);
    if (bench.asked.length === 0) {
      bench.lose({ hangUp: false });
      bench.connect({ sessionPresent: true });
    }
    expect(bench.client.asked.map(({ options }) => options.qos)).toEqual([1]);
  });
});

describe('Subscriber.unsubscribe', () => {
  it('unsubscribes, and does not ask for it any more', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a', 'b');
    await bench.answer();
    await bench.subscriber.unsubscribe(['a']);
    expect(bench.client.unsubscribed).toEqual([['a']]);
    expect(bench.subscriber.wantedCount).toBe(1);
    bench.lose({ hangUp: false });
    expect(bench.connect().asked).toEqual(['b']);
  });

  it('hands on what keeps the broker from being asked', async () => {
    const bench = new Bench().connect();
    bench.client.unsubscribing = Promise.reject(new Error('client disconnecting'));
    await expect(bench.subscriber.unsubscribe(['a'])).rejects.toThrow('client disconnecting');
  });

  it('is done with who waits for the filter', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe('a');
    await bench.subscriber.unsubscribe(['a']);
    expect(outcome.state).toBe('done');
    await bench.answer([0x87]);
    expect(bench.subscriber.wantedCount).toBe(0);
  });

  it.each([
    ['is done in a session that is resumed', true, [['a']]],
    ['has nothing to do in a new session', false, []],
  ])('without a connection %s', async (_, sessionPresent, unsubscribed) => {
    const bench = new Bench().connect();
    bench.subscribe('a');
    await bench.answer();
    bench.lose({ hangUp: false });
    await bench.subscriber.unsubscribe(['a']);
    bench.connect({ sessionPresent });
    expect(bench.client.unsubscribed).toEqual(unsubscribed);
    await turns();
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.client.unsubscribed).toEqual(unsubscribed); // once
  });

  it('is done again in a session that is resumed when no answer had come', async () => {
    const bench = await granted('a');
    let fail!: (error: Error) => void;
    bench.client.unsubscribing = new Promise((_resolve, reject) => (fail = reject));
    const outcome = new Outcome(bench.subscriber.unsubscribe(['a']));
    bench.lose({ hangUp: false });
    fail(new Error('Connection closed'));
    await turns();
    expect(outcome.state).toBe('failed');
    bench.client.unsubscribing = Promise.resolve();
    bench.connect({ sessionPresent: true });
    expect(bench.client.unsubscribed).toEqual([['a'], ['a']]);
  });

  it('without a connection is taken back by who subscribes again', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a');
    await bench.answer();
    bench.lose({ hangUp: false });
    await bench.subscriber.unsubscribe(['a']);
    bench.subscribe('a');
    bench.connect({ sessionPresent: true });
    expect(bench.client.unsubscribed).toEqual([]);
    expect(bench.asked).toEqual(['a']);
  });

  it('bears that the connection is gone again before it is done', async () => {
    const bench = new Bench();
    await bench.subscriber.unsubscribe(['a']);
    bench.client.unsubscribing = Promise.reject(new Error('Connection closed'));
    bench.connect({ sessionPresent: true });
    await turns();
    expect(bench.client.unsubscribed).toEqual([['a']]);
  });

  it('does nothing when the connection is closed', async () => {
    const bench = new Bench();
    await bench.connection.close();
    await bench.subscriber.unsubscribe(['a']);
    expect(bench.client.unsubscribed).toEqual([]);
  });
});

describe('Subscriber, and a broker that does not answer', () => {
  it('connects again, and says so when it gives up', async () => {
    const bench = new Bench();
    const outcome = bench.subscribe('a');
    for (let i = 0; i < 5; i++) {
      bench.connect();
      jest.advanceTimersByTime(29_999);
      expect(bench.connection.resumes).toBe(i);
      jest.advanceTimersByTime(1);
      expect(bench.connection.resumes).toBe(i + 1);
      await until(() => bench.connection.network === undefined, 'the connection is ended');
      bench.client.flush();
    }
    await turns();
    expect(outcome.error?.message).toContain('did not answer a SUBSCRIBE within 30000 ms.');
    expect(bench.log.lines).toHaveLength(5);
    expect(bench.log.lines[0]).toMatch(/^warn .* did not answer a SUBSCRIBE within 30000 ms\. Connecting again\.$/);
  });

  it('does not give that for the reason when later connections ended by themselves', async () => {
    const bench = new Bench();
    const outcome = bench.subscribe('a');
    bench.connect();
    jest.advanceTimersByTime(30_000);
    await until(() => bench.connection.network === undefined, 'the connection is ended');
    bench.client.flush();
    for (let i = 0; i < 4; i++) {
      bench.connect();
      bench.lose({ hangUp: false });
    }
    await turns();
    expect(outcome.error?.message).toMatch(/given up after 5 attempts\. the network connection was closed$/);
  });

  it('leaves no timer behind that ends the next connection', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a');
    bench.lose({ hangUp: false });
    bench.connect();
    await bench.answer();
    jest.advanceTimersByTime(30_000);
    expect(bench.connection.resumes).toBe(0);
  });
});

describe('Subscriber, and a broker that ends the connection over a SUBSCRIBE', () => {
  it('asks for 8 at a time from then on, one packet after another, when there were more', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe(...many(20));
    bench.lose();
    expect(bench.log.lines).toEqual([
      expect.stringMatching(/^warn .* after a SUBSCRIBE with 20 filters: from now on 8 are sent in each/),
    ]);
    bench.connect();
    const sizes: number[] = [];
    while (bench.asked.length > 0) {
      expect(bench.asked).toHaveLength(1);
      sizes.push(bench.client.asked[0]!.filters.length);
      await bench.answer();
    }
    expect(sizes).toEqual([8, 8, 4]);
    expect(outcome.state).toBe('done');
  });

  it('asks for each alone, after all others, when there were fewer; and refuses the one over which it ends again', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a', 'bad', 'c');
    expect(bench.lose().suspected).toBe(true);
    const other = bench.subscribe('other');
    bench.connect();
    expect(bench.asked).toEqual(['other']);
    await bench.answer();
    expect(other.state).toBe('done');
    expect(bench.connection.cleared).toBe(0);
    expect(bench.asked).toEqual(['a']);
    await bench.answer();
    expect(bench.connection.cleared).toBe(1);
    expect(bench.asked).toEqual(['bad']);
    const loss = bench.lose();
    expect(loss.explained).toBe(true);
    bench.connect({ sessionPresent: true });
    expect(bench.asked).toEqual(['c']);
    await bench.answer();
    expect(bench.asked).toEqual([]);
    expect(bench.subscriber.wantedCount).toBe(3);
  });

  it('tells who waits for the filter, and what the broker said', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe('bad');
    bench.lose({ reasonCode: 0x8f });
    bench.connect();
    bench.lose({ reasonCode: 0x8f });
    await turns();
    expect(outcome.refused).toEqual([
      {
        filter: 'bad',
        reasonCode: 0x8f,
        reason: `topic filter invalid: ${BROKER} closed the connection because of it, twice`,
      },
    ]);
    expect(bench.connect().asked).toEqual([]);
    expect(bench.subscriber.wantedCount).toBe(0);
  });

  it('is told to the log when nobody waits for the filter, and not asked for again', async () => {
    const bench = await granted('bad');
    bench.lose({ hangUp: false });
    for (let i = 0; i < 2; i++) {
      bench.connect();
      bench.lose();
    }
    bench.connect();
    expect(bench.asked).toEqual([]);
    expect(bench.subscriber.wantedCount).toBe(0);
    expect(bench.log.lines).toEqual([
      expect.stringMatching(/^error .*"bad".* closed the connection because of it, twice/),
    ]);
  });

  it('trusts a filter again that it has granted', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a', 'b');
    bench.lose();
    bench.connect();
    for (let i = 0; i < 2; i++) await bench.answer();
    bench.lose();
    expect(bench.connect().asked).toEqual(['a b']);
  });

  it('does not refuse it when the broker was not there when it was tried again', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe('a');
    bench.lose();
    bench.connect();
    bench.lose();
    bench.connection.failAttempt();
    bench.connect();
    expect(bench.asked).toEqual(['a']);
    await bench.answer();
    expect(outcome.state).toBe('done');
  });

  it('refuses the shared ones at once when the broker says that it has none (0x9e)', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe('$share/g/a', 'b');
    const loss = bench.lose({ reasonCode: 0x9e });
    expect(loss.explained).toBe(true);
    bench.connect();
    expect(bench.asked).toEqual(['b']);
    await bench.answer();
    expect(outcome.refused).toMatchObject([{ filter: '$share/g/a', reasonCode: 0x9e }]);
  });

  it('blames the first packet that it had not answered', async () => {
    const bench = new Bench().connect();
    bench.subscribe('a', { filter: 'b', qos: 2 });
    await bench.answer();
    bench.lose();
    bench.connect({ sessionPresent: true });
    expect(bench.asked).toEqual(['b']);
    await bench.answer();
    bench.subscribe('c');
    bench.subscribe('d');
    expect(bench.asked).toEqual(['c', 'd']); // none of them alone
  });

  it.each<[string, (bench: Bench) => unknown]>([
    ['the connection ended for another reason', (bench) => bench.lose({ hangUp: false })],
    [
      'the broker could not be reached',
      (bench) => {
        bench.lose();
        bench.connection.failAttempt();
      },
    ],
  ])('suspects none when %s', (_, act) => {
    const bench = new Bench().connect();
    bench.subscribe('a', 'b');
    bench.lose();
    bench.connect();
    act(bench);
    bench.connect();
    expect(bench.asked).toEqual(['a b']);
  });

  it('still suspects them when an attempt to connect was answered', () => {
    const bench = new Bench().connect();
    bench.subscribe('a', 'b');
    bench.lose();
    bench.connection.failAttempt(true);
    bench.connect();
    expect(bench.asked).toEqual(['a']);
  });

  it('does not wait for ever for a call of which some were asked for again, and some were not', async () => {
    const bench = new Bench().connect();
    const outcome = bench.subscribe(...many(20));
    bench.lose();
    bench.connect();
    await bench.answer();
    bench.lose({ hangUp: false }); // in the middle of it
    bench.connect({ sessionPresent: true });
    while (bench.asked.length > 0) await bench.answer();
    expect(outcome.state).toBe('done');
    expect(bench.subscriber.grantedCount).toBe(20);
  });
});

describe('Subscriber, when the connection is closed', () => {
  it.each([
    ['closed', undefined, 'ConnectionClosedError'],
    ['given up', new TypeError('gone'), 'TypeError'],
  ])('%s, tells who waits', async (_, cause, name) => {
    const bench = new Bench().connect();
    const outcomes = [bench.subscribe('a')];
    void bench.connection.close(cause);
    bench.client.flush();
    outcomes.push(bench.subscribe('b'));
    await turns();
    expect(outcomes.map(({ error }) => error?.name)).toEqual([name, name]);
    expect(jest.getTimerCount()).toBeLessThanOrEqual(1); // that of the writer's end
  });
});
