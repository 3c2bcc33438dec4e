import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Readable } from 'node:stream';
import { array, assert, asyncProperty, constant, integer, nat, oneof, record } from 'fast-check';
import type { IClientOptions, Packet } from 'mqtt';
import { DurableQueue, type KeptMessage } from '../../../../lib/wire/outbound/durable-queue.js';
import { OutgoingStore } from '../../../../lib/wire/outbound/outgoing-store.js';
import { PacketIdentifiers } from '../../../../lib/wire/outbound/packet-identifiers.js';
import { turns } from '../support/network.js';

type MessageIdProvider = NonNullable<IClientOptions['messageIdProvider']>;
type Done = (error?: unknown) => void;

const TIMEOUT_MS = 5_000;
const MAX_KEPT = 65_000;

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

/** An application's store that answers when the test says so. */
class ManualStore {
  readonly packets = new Map<number, Packet>();
  /** What it was asked, in words. */
  readonly calls: string[] = [];
  private readonly answers: Done[] = [];
  private opened: (() => void)[] = [];
  private open = false;

  constructor(left: readonly Packet[] = []) {
    for (const packet of left) this.packets.set(packet.messageId!, packet);
  }

  put(packet: Packet, done: Done): void {
    this.calls.push(`put ${packet.messageId} ${packet.cmd === 'publish' ? packet.topic : packet.cmd}`);
    this.packets.set(packet.messageId!, packet);
    this.answers.push(done);
  }

  del({ messageId }: { messageId: number }, done: Done): void {
    this.calls.push(`del ${messageId}`);
    this.packets.delete(messageId);
    done();
  }

  createStream(): Readable {
    this.calls.push('read');
    return Readable.from(this.read());
  }

  close(done: Done): void {
    this.calls.push('close');
    done();
  }

  /** It can be read from now on. */
  async allowReading(): Promise<void> {
    this.open = true;
    for (const go of this.opened.splice(0)) go();
    await turns(5);
  }

  get unanswered(): number {
    return this.answers.length;
  }

  /** Answers the put at that place, by default the oldest one. */
  async answer(error?: unknown, place = 0): Promise<void> {
    const [done] = this.answers.splice(place, 1);
    done!(error);
    await turns();
  }

  private async *read(): AsyncGenerator<Packet> {
    if (!this.open) await new Promise<void>((resolve) => this.opened.push(resolve));
    yield* [...this.packets.values()];
  }
}

function broken(): never {
  throw new Error('no identifiers today');
}

function stored(messageId: number, topic: string): Packet {
  return { cmd: 'publish', topic, payload: 'x', qos: 1, retain: false, dup: false, messageId };
}

/** A queue on that store, and what it has told. */
class Bench {
  readonly queue: DurableQueue;
  readonly identifiers: PacketIdentifiers;
  /** In words, in order. */
  readonly told: string[] = [];
  readonly warnings: string[] = [];

  constructor(
    readonly store: ManualStore = new ManualStore(),
    provider?: MessageIdProvider,
  ) {
    this.identifiers = new PacketIdentifiers(provider);
    const outgoing = new OutgoingStore(store as never, (warning) => this.warnings.push(warning), TIMEOUT_MS);
    this.queue = new DurableQueue({
      store: outgoing,
      identifiers: this.identifiers,
      adopt: ({ identifier, message }) => {
        this.identifiers.claim(identifier);
        this.told.push(`adopted ${identifier} ${message.topic}`);
      },
      onKept: () => this.told.push('kept'),
      onFailed: (kept, error) => this.told.push(`failed ${kept.message.topic}: ${error.message}`),
    });
  }

  /** Its store has been read. */
  static async open(store?: ManualStore, provider?: MessageIdProvider): Promise<Bench> {
    const bench = new Bench(store, provider);
    void bench.queue.takeOver();
    await bench.store.allowReading();
    bench.store.calls.length = 0;
    return bench;
  }

  keep(topic: string): KeptMessage {
    return this.queue.keep({ topic, payload: 'x', qos: 1, retain: false });
  }
}

describe('DurableQueue, before the store is read', () => {
  it('reads it once: with the first message, or when it is told to', async () => {
    const bench = new Bench();
    expect(bench.queue.read).toBe(false);
    bench.keep('a');
    bench.keep('b');
    void bench.queue.takeOver();
    await bench.store.allowReading();
    await bench.queue.takeOver();
    expect(bench.store.calls).toEqual(['read', 'put 1 a', 'put 2 b']);
    expect(bench.queue.read).toBe(true);
  });

  it('takes over what an earlier process has left, in its order, and gives its identifiers to nobody else', async () => {
    const bench = new Bench(new ManualStore([stored(2, 'old'), stored(1, 'older identifier')]));
    const kept = bench.keep('new');
    expect(kept).toMatchObject({ identifier: undefined, stored: false, left: false });
    await bench.store.allowReading();
    expect(bench.told).toEqual(['adopted 2 old', 'adopted 1 older identifier']);
    expect(kept.identifier).toBe(3);
    expect(bench.store.calls).toEqual(['read', 'put 3 new']);
  });

  it('does not store what has been dropped meanwhile', async () => {
    const bench = new Bench();
    const [first] = [bench.keep('a'), bench.keep('b')];
    bench.queue.drop(first);
    await bench.store.allowReading();
    expect(bench.store.calls).toEqual(['read', 'put 1 b']);
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('the disk is gone');
      },
      'the disk is gone',
    ],
    ['gives nothing that can be read', () => undefined, 'cannot be read'],
    [
      'breaks off',
      () => new Readable({ read: (): void => {} }).destroy(new Error('the disk is gone')),
      'the disk is gone',
    ],
  ])('warns, and stores what waits, with a store that %s', async (_, createStream, words) => {
    const bench = new Bench(Object.assign(new ManualStore(), { createStream }));
    bench.keep('a');
    await turns(5);
    expect(bench.warnings).toEqual([expect.stringContaining(words)]);
    expect(bench.store.calls).toEqual(['put 1 a']);
  });

  it('warns, and stores what waits, with a store that hangs', async () => {
    const bench = new Bench();
    bench.keep('a');
    await turns(2);
    expect(bench.store.calls).toEqual(['read']);
    jest.advanceTimersByTime(TIMEOUT_MS);
    await turns(5);
    expect(bench.warnings).toEqual([expect.stringContaining('stored messages are not sent')]);
    expect(bench.store.calls).toEqual(['read', 'put 1 a']);
  });

  it('passes over what is no message of a store that returns nonsense, and says so', async () => {
    const nonsense = [
      undefined,
      null,
      7,
      'text',
      {},
      { cmd: 'publish' },
      { cmd: 'subscribe', messageId: 3 },
      ...[
        { messageId: 0 },
        { messageId: 65_536 },
        { messageId: 1.5 },
        { messageId: '7' },
        { topic: undefined },
        { topic: '' },
        { topic: 'a/+' },
        { topic: 'a\0' },
        { qos: 0 },
        { qos: 3 },
        { payload: 7 },
        { payload: null },
        { properties: 'x' },
        { properties: { contentType: 7 } },
        { properties: { correlationData: {} } },
        { properties: { userProperties: { a: [7] } } },
        { properties: { userProperties: 7 } },
      ].map((wrong) => ({ ...stored(9, 'a'), ...wrong })),
    ].filter((each) => each !== null && each !== undefined); // ends of a stream
    const right = [stored(4, 'right'), stored(5, 'too'), { cmd: 'pubrel', messageId: 6 }];
    const bench = new Bench(
      Object.assign(new ManualStore(), { createStream: () => Readable.from([...nonsense, ...right]) }),
    );
    await bench.queue.takeOver();
    expect(bench.told).toEqual(['adopted 4 right', 'adopted 5 too', 'adopted 6 ']);
    expect(bench.warnings).toEqual([
      expect.stringContaining(`holds ${nonsense.length} that are no QoS 1 or 2 messages`),
    ]);
  });

  it('takes over what is left also when the messageIdProvider of the application throws', async () => {
    const provider = {
      allocate: () => 7,
      getLastAllocated: () => 7,
      register: broken,
      deallocate: broken,
      clear: broken,
    };
    const bench = new Bench(new ManualStore([stored(2, 'old')]), provider);
    bench.keep('new');
    await bench.store.allowReading();
    expect(bench.told).toEqual(['adopted 2 old']);
    expect(bench.store.calls).toEqual(['read', 'put 7 new']);
  });
});

describe('DurableQueue, a message that waits', () => {
  it('may be sent when the store has it, and not before', async () => {
    const bench = await Bench.open();
    const kept = bench.keep('a');
    expect(kept).toMatchObject({ identifier: 1, stored: false });
    expect(bench.told).toEqual([]);
    await bench.store.answer();
    expect(kept.stored).toBe(true);
    expect(bench.told).toEqual(['kept']);
  });

  it('keeps its place in the store, and its identifier, when it is sent', async () => {
    const bench = await Bench.open();
    const kept = bench.keep('a');
    await bench.store.answer();
    bench.queue.sent(kept);
    expect(kept).toMatchObject({ identifier: 1, left: true });
    expect([...bench.store.packets.keys()]).toEqual([1]);
    expect(bench.keep('b').identifier).toBe(2);
  });

  it('is deleted, and its identifier free, when it is dropped: withdrawn, expired or refused', async () => {
    const bench = await Bench.open();
    const kept = bench.keep('a');
    await bench.store.answer();
    const free = jest.spyOn(bench.identifiers, 'free');
    bench.queue.drop(kept);
    expect(bench.store.calls).toEqual(['put 1 a', 'del 1']);
    expect(free).toHaveBeenCalledWith(1);
  });

  it('is deleted when the store has answered, if it was dropped before: else it would be stored after all', async () => {
    const bench = await Bench.open();
    const kept = bench.keep('a');
    bench.queue.drop(kept);
    expect(bench.store.calls).toEqual(['put 1 a']);
    await bench.store.answer();
    expect(bench.store.calls).toEqual(['put 1 a', 'del 1']);
    expect(bench.told).toEqual([]);
    expect(kept.stored).toBe(false);
  });

  it('tells nobody of a failure of one that was dropped', async () => {
    const bench = await Bench.open();
    bench.queue.drop(bench.keep('a'));
    await bench.store.answer(new Error('the disk is full'));
    expect(bench.store.calls).toEqual(['put 1 a', 'del 1']);
    expect(bench.told).toEqual([]);
  });
});

describe('DurableQueue, with a store that does not take one', () => {
  it('tells it, deletes it, and takes the next ones', async () => {
    const bench = await Bench.open();
    const [first, second] = [bench.keep('a'), bench.keep('b')];
    await bench.store.answer(new Error('the disk is full'));
    expect(bench.told).toEqual(['failed a: the disk is full']);
    expect(bench.store.calls).toEqual(['put 1 a', 'put 2 b', 'del 1']); // it may have it all the same
    expect(first).toMatchObject({ stored: false, left: true });
    await bench.store.answer();
    expect(second.stored).toBe(true);
  });

  it('tells it, never within the call, when the store throws', async () => {
    const bench = await Bench.open(
      Object.assign(new ManualStore(), {
        put: () => {
          throw new Error('closed');
        },
      }),
    );
    bench.keep('a');
    expect(bench.told).toEqual([]);
    await turns();
    expect(bench.told).toEqual(['failed a: closed']);
  });

  it('tells it when the store hangs, and does not care what it says later', async () => {
    const bench = await Bench.open();
    const kept = bench.keep('a');
    jest.advanceTimersByTime(TIMEOUT_MS);
    await turns();
    expect(bench.told).toEqual(['failed a: The outgoingStore did not store the message within 5000 ms.']);
    await bench.store.answer();
    expect(bench.told).toHaveLength(1);
    expect(kept.stored).toBe(false);
    expect(bench.store.calls).toEqual(['put 1 a', 'del 1']);
  });

  it('listens to the first answer of a store that answers twice', async () => {
    const bench = await Bench.open();
    bench.store.put = (_packet, done) => {
      done();
      done(new Error('or not'));
    };
    bench.keep('a');
    await turns();
    expect(bench.told).toEqual(['kept']);
  });
});

describe('DurableQueue, full', () => {
  it('refuses one more than 65,000, never within the call, and has room again when one has left', async () => {
    const store = Object.assign(new ManualStore(), {
      put: (_packet: Packet, done: Done): void => done(),
      del: (_packet: unknown, done: Done): void => done(),
    });
    const bench = await Bench.open(store);
    const all = Array.from({ length: MAX_KEPT }, () => bench.keep('a'));
    await turns();
    bench.told.length = 0;
    bench.keep('one more');
    expect(bench.told).toEqual([]);
    await turns();
    expect(bench.told).toEqual([expect.stringMatching(/^failed one more: No Packet Identifier is free/)]);
    bench.queue.sent(all[0]!);
    expect(bench.keep('b').identifier).toBe(MAX_KEPT + 1);
    bench.queue.drop(all[1]!);
    expect(bench.keep('c').identifier).toBe(MAX_KEPT + 2);
    expect(bench.keep('d').identifier).toBeUndefined();
  });

  it('refuses what is dropped in the same turn without a word', async () => {
    const provider = {
      allocate: () => null,
      getLastAllocated: () => null,
      register: () => true,
      deallocate: () => {},
      clear: () => {},
    };
    const bench = await Bench.open(undefined, provider);
    bench.queue.drop(bench.keep('a'));
    await turns();
    expect(bench.told).toEqual([]);
  });

  it.each<[string, () => number | null]>([
    ['has none', () => null],
    [
      'throws',
      () => {
        throw new Error('no identifiers today');
      },
    ],
    ['gives what is none', () => 70_000],
  ])('refuses a message when the messageIdProvider of the application %s', async (_, allocate) => {
    const provider = {
      allocate,
      getLastAllocated: () => null,
      register: () => true,
      deallocate: () => {},
      clear: () => {},
    };
    const bench = await Bench.open(undefined, provider);
    bench.keep('a');
    await turns();
    expect(bench.told).toEqual([expect.stringMatching(/^failed a: No Packet Identifier is free/)]);
    expect(bench.store.calls).toEqual([]);
  });
});

describe('DurableQueue, at its end', () => {
  it('leaves in the store what is stored', async () => {
    const bench = await Bench.open();
    bench.keep('a');
    await bench.store.answer();
    bench.queue.end();
    await turns();
    expect([...bench.store.packets.keys()]).toEqual([1]);
  });

  it.each<[string, unknown]>([
    ['takes it', undefined],
    ['does not', new Error('the disk is full')],
  ])('tells nobody of what is being stored, when the store %s', async (_, error) => {
    const bench = await Bench.open();
    bench.keep('a');
    bench.queue.end();
    await bench.store.answer(error);
    expect(bench.told).toEqual([]);
    expect(bench.store.calls).toEqual(['put 1 a']);
  });

  it('takes nothing over, and stores nothing, when it comes while the store is read', async () => {
    const bench = new Bench(new ManualStore([stored(2, 'old')]));
    bench.keep('a');
    bench.queue.end();
    await bench.store.allowReading();
    expect(bench.told).toEqual([]);
    expect(bench.store.calls).toEqual(['read']);
    expect(bench.queue.read).toBe(false);
  });

  it('does nothing when nothing has begun', async () => {
    const bench = new Bench();
    bench.queue.end();
    await turns();
    expect(bench.store.calls).toEqual([]);
  });
});

describe('DurableQueue (property)', () => {
  const step = oneof(
    { weight: 5, arbitrary: constant({ act: 'keep' as const, pick: 0 }) },
    { weight: 3, arbitrary: record({ act: constant('answer' as const), pick: nat() }) },
    { weight: 1, arbitrary: record({ act: constant('fail' as const), pick: nat() }) },
    { weight: 1, arbitrary: record({ act: constant('drop' as const), pick: nat() }) },
    { weight: 2, arbitrary: record({ act: constant('send' as const), pick: nat() }) },
    { weight: 1, arbitrary: constant({ act: 'read' as const, pick: 0 }) },
  );

  it('stores in the order of the calls, whatever the store does: the next process gets everything that had a place in it', async () => {
    await assert(
      asyncProperty(array(step, { maxLength: 60 }), integer({ min: 0, max: 3 }), async (steps, left) => {
        const old = Array.from({ length: left }, (_, n) => stored(n + 1, `old ${n}`));
        const bench = new Bench(new ManualStore(old));
        const { queue, store } = bench;
        const all: KeptMessage[] = [];
        const dropped = new Set<KeptMessage>();
        for (const { act, pick } of steps) {
          const waiting = all.filter((kept) => !kept.left);
          const sendable = waiting.filter((kept) => kept.stored);
          if (act === 'keep') all.push(bench.keep(`new ${all.length}`));
          else if (act === 'read') await store.allowReading();
          else if ((act === 'answer' || act === 'fail') && store.unanswered > 0)
            await store.answer(act === 'fail' ? new Error('full') : undefined, pick % store.unanswered);
          else if (act === 'drop' && waiting.length > 0) {
            const kept = waiting[pick % waiting.length]!;
            dropped.add(kept);
            queue.drop(kept);
          } else if (act === 'send' && sendable.length > 0) queue.sent(sendable[pick % sendable.length]!);
        }
        void queue.takeOver();
        await store.allowReading();
        while (store.unanswered > 0) await store.answer();

        const failed = new Set(
          bench.told.filter((line) => line.startsWith('failed')).map((line) => line.slice(7).split(':')[0]),
        );
        const expected = all.filter((kept) => !dropped.has(kept) && !failed.has(kept.message.topic));
        for (const kept of expected) expect(kept.stored || kept.left).toBe(true);
        const puts = store.calls.filter((call) => call.startsWith('put')).map((call) => Number(call.split(' ').at(-1)));
        expect(puts).toEqual(puts.toSorted((a, b) => a - b));
        const contents = [...store.packets.values()].map((packet) => (packet as { topic: string }).topic);
        expect(contents).toEqual(
          [...old, ...expected.map(({ message }) => message)].map((each) => (each as { topic: string }).topic),
        );
        // identifiers of what has left the store are free again
        const holders = expected.map(({ identifier }) => identifier);
        expect(new Set(holders).size).toBe(holders.length);
        const fresh = await Bench.open(new ManualStore([...store.packets.values()]));
        expect(fresh.told).toHaveLength(contents.length);
      }),
      { numRuns: 200 },
    );
  });
});
