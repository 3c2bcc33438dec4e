import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { array, assert, asyncProperty, constant, integer, oneof, record } from 'fast-check';
import type { IClientOptions, IPublishPacket, Packet } from 'mqtt';
import { LevelOutgoingStore } from '../../../../lib/stores/index.js';
import type { LevelClient } from '../../../../lib/stores/level/level-client.js';
import { closeAfterTest } from '../../../support/closing.js';

const root = await mkdtemp(join(tmpdir(), 'level-'));
afterAll(() => rm(root, { recursive: true, force: true }));

let databases = 0;

function openLevel(location = join(root, String(++databases))): ClassicLevel {
  const db = new ClassicLevel(location);
  closeAfterTest(() => db.close());
  return db;
}

function message(messageId: number, changes: Partial<IPublishPacket> = {}): IPublishPacket {
  return {
    cmd: 'publish',
    topic: 'a',
    payload: `${messageId}`,
    qos: 1,
    retain: false,
    dup: false,
    messageId,
    ...changes,
  };
}

function put(store: LevelOutgoingStore, packet: Packet): Promise<void> {
  return new Promise((resolve, reject) => store.put(packet, (error) => (error ? reject(error) : resolve())));
}

function del(store: LevelOutgoingStore, messageId: number): Promise<void> {
  return new Promise((resolve, reject) => store.del({ messageId }, (error) => (error ? reject(error) : resolve())));
}

function get(store: LevelOutgoingStore, messageId: number): Promise<Packet | undefined> {
  return new Promise((resolve, reject) =>
    store.get({ messageId }, (error, packet) => (error ? reject(error) : resolve(packet))),
  );
}

function close(store: LevelOutgoingStore): Promise<void> {
  return new Promise((resolve, reject) => store.close((error) => (error ? reject(error) : resolve())));
}

/** The stored packets as texts, followed by the error if there is one. */
async function contents(store: LevelOutgoingStore): Promise<string[]> {
  const words: string[] = [];
  try {
    for await (const packet of store.createStream() as AsyncIterable<Packet>)
      words.push(
        packet.cmd === 'publish'
          ? `${packet.messageId} ${packet.payload.toString()}`
          : `${packet.messageId} ${packet.cmd}`,
      );
  } catch (error) {
    words.push((error as Error).message);
  }
  return words;
}

const failure = new Error('the disk is full');
const failing = (): Promise<never> => Promise.reject(failure);

describe('LevelOutgoingStore', () => {
  it('restores every field of a message', async () => {
    const db = openLevel();
    const packet = message(7, {
      topic: 'plant/ü',
      payload: Buffer.from([0, 255, 1]),
      qos: 2,
      retain: true,
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: 60,
        responseTopic: 'replies',
        correlationData: Buffer.from([1, 2]),
        userProperties: { one: ['a', 'b'], two: 'c' },
        contentType: 'text/plain',
      },
    });
    await put(new LevelOutgoingStore(db), packet);
    expect(await get(new LevelOutgoingStore(db), 7)).toMatchObject(packet);
  });

  it('returns messages in the order in which they were stored, for any identifiers, also in the next process', async () => {
    const db = openLevel();
    const store: IClientOptions['outgoingStore'] = new LevelOutgoingStore(db); // type check
    const stored = [65_535, 1, 300, 20, 3].map((id) => put(store as LevelOutgoingStore, message(id)));
    await Promise.all(stored);
    const next = new LevelOutgoingStore(db);
    await put(next, message(2));
    expect(await contents(new LevelOutgoingStore(db))).toEqual([
      '65535 65535',
      '1 1',
      '300 300',
      '20 20',
      '3 3',
      '2 2',
    ]);
  });

  it('keeps a PUBREL in place of its message, also of an earlier process', async () => {
    const db = openLevel();
    const store = new LevelOutgoingStore(db);
    for (const id of [1, 2, 3]) await put(store, message(id, { qos: 2 }));
    const next = new LevelOutgoingStore(db);
    await put(next, { cmd: 'pubrel', messageId: 2 });
    expect(await contents(next)).toEqual(['1 1', '2 pubrel', '3 3']);
  });

  it('appends a message when its identifier is used again', async () => {
    const db = openLevel();
    const store = new LevelOutgoingStore(db);
    for (const id of [1, 2]) await put(store, message(id));
    await Promise.all([del(store, 1), put(store, message(1, { payload: 'again' }))]);
    expect(await contents(store)).toEqual(['2 2', '1 again']);
  });

  it('deletes a stored packet, and calls back for others', async () => {
    const store = new LevelOutgoingStore(openLevel());
    await put(store, message(1));
    await del(store, 1);
    await del(store, 1);
    expect(await contents(store)).toEqual([]);
    await expect(get(store, 1)).rejects.toThrow('No packet with the identifier 1');
  });

  it('runs operations of one turn in order, in few writes', async () => {
    const db = openLevel();
    const batches: number[] = [];
    const counting: LevelClient = {
      batch: (operations, options) => {
        batches.push(operations.length);
        return db.batch(operations, options);
      },
      keys: (options) => db.keys(options),
      iterator: (options) => db.iterator(options),
      get: (key, options) => db.get(key, options),
    };
    const store = new LevelOutgoingStore(counting);
    const order: string[] = [];
    const all = Array.from({ length: 100 }, (_, i) =>
      put(store, message(i + 1)).then(() => order.push(`put ${i + 1}`)),
    );
    const deleted = del(store, 50).then(() => order.push('del 50'));
    await Promise.all([...all, deleted]);
    expect(order).toEqual([...Array.from({ length: 100 }, (_, i) => `put ${i + 1}`), 'del 50']);
    expect(batches).toEqual([1, 100]);
    expect(await contents(store)).toHaveLength(99);
  });

  it.each([false, true])('passes the option sync to the database (%s)', async (sync) => {
    const seen: unknown[] = [];
    const db = openLevel();
    const spy = Object.assign(Object.create(db) as LevelClient, {
      batch: (operations: never[], options: { sync: boolean }) => {
        seen.push(options.sync);
        return db.batch(operations, options);
      },
      keys: () => db.keys(),
    });
    await put(new LevelOutgoingStore(spy, { sync }), message(1));
    expect(seen).toEqual([sync]);
  });

  it('reports a failed write to its callers', async () => {
    const db = openLevel();
    let broken = true;
    const store = new LevelOutgoingStore(
      Object.assign(Object.create(db) as LevelClient, {
        batch: (operations: never[], options: object) => (broken ? failing() : db.batch(operations, options)),
        keys: () => db.keys(),
        iterator: (options: object) => db.iterator(options),
      }),
    );
    await expect(put(store, message(1))).rejects.toBe(failure);
    broken = false;
    await put(store, message(2));
    expect(await contents(store)).toEqual(['2 2']);
  });

  it('retries a failed read', async () => {
    const db = openLevel();
    let broken = true;
    const store = new LevelOutgoingStore(
      Object.assign(Object.create(db) as LevelClient, {
        batch: (operations: never[], options: object) => db.batch(operations, options),
        keys: async function* () {
          if (broken) throw failure;
          yield* db.keys();
        },
        iterator: (options: object) => db.iterator(options),
      }),
    );
    for (const attempt of [put(store, message(1)), del(store, 1), get(store, 1)])
      await expect(attempt).rejects.toBe(failure);
    broken = false;
    await put(store, message(1));
    expect(await contents(store)).toEqual(['1 1']);
  });

  it('returns all readable packets, reports the others, and does not delete them', async () => {
    const db = openLevel();
    const store = new LevelOutgoingStore(db);
    for (const id of [1, 2, 3]) await put(store, message(id));
    const [, second] = await db.keys().all();
    await db.put(second!, 'nonsense');
    const next = new LevelOutgoingStore(db);
    const complaint = '1 stored messages cannot be read; they stay in the database';
    expect(await contents(next)).toEqual(['1 1', '3 3', complaint]);
    await put(next, message(2, { payload: 'new' }));
    expect(await contents(next)).toEqual(['1 1', '3 3', '2 new', complaint]);
  });

  it('refuses a database with other data', async () => {
    const db = openLevel();
    await db.put('users/7', 'Ada');
    const store = new LevelOutgoingStore(db);
    await expect(put(store, message(1))).rejects.toThrow('the database contains other data, under the key "users/7"');
    expect(await db.keys().all()).toEqual(['users/7']);
    await put(new LevelOutgoingStore(db.sublevel('outgoing')), message(1)); // in the same database
  });

  it('refuses a packet without an identifier, and an invalid packet', async () => {
    const store = new LevelOutgoingStore(openLevel());
    await expect(
      put(store, { cmd: 'publish', topic: 'a', payload: '', qos: 0, retain: false, dup: false }),
    ).rejects.toThrow('no Packet Identifier');
    await expect(put(store, message(1, { properties: { topicAlias: 'x' as never } }))).rejects.toThrow('topicAlias');
    expect(await contents(store)).toEqual([]);
  });

  it('calls back from close() when all writes are done, and leaves the database open', async () => {
    const db = openLevel();
    const store = new LevelOutgoingStore(db);
    let written = 0;
    for (const id of [1, 2, 3]) store.put(message(id), () => void written++);
    await close(store);
    expect(written).toBe(3);
    expect(await contents(store)).toHaveLength(3);
  });

  it('behaves as a map in insertion order, across any number of processes (property)', async () => {
    const identifier = integer({ min: 1, max: 6 });
    const step = oneof(
      record({ act: constant('put' as const), identifier }),
      record({ act: constant('pubrel' as const), identifier }),
      record({ act: constant('del' as const), identifier }),
      record({ act: constant('restart' as const), identifier }),
    );
    await assert(
      asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
        const db = openLevel();
        const model = new Map<number, string>();
        let store = new LevelOutgoingStore(db);
        const pending: Promise<void>[] = [];
        for (const [n, { act, identifier: id }] of steps.entries()) {
          if (act === 'restart') {
            await Promise.all(pending);
            store = new LevelOutgoingStore(db);
          } else if (act === 'put' && !model.has(id)) {
            model.set(id, `${id} ${n}`);
            pending.push(put(store, message(id, { payload: `${n}` })));
          } else if (act === 'pubrel') {
            model.set(id, `${id} pubrel`);
            pending.push(put(store, { cmd: 'pubrel', messageId: id }));
          } else if (act === 'del') {
            model.delete(id);
            pending.push(del(store, id));
          }
        }
        await Promise.all(pending);
        expect(await contents(store)).toEqual([...model.values()]);
      }),
      { numRuns: 60 },
    );
  });
});
