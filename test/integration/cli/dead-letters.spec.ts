import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { runCommand } from '../../../lib/cli/run-command.js';
import { ServerMqtt, type DeadLetter } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { closeAfterTest } from '../../support/closing.js';
import { deadLetter } from '../../support/dead-letters.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { AppModule, connection, handled, store } from './kept-letters.js';

const MODULE = fileURLToPath(new URL('kept-letters.ts', import.meta.url));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCommand(['dead-letters', ...args], {
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}

function keep(payload: string, parts: Partial<DeadLetter> = {}): string {
  return store.add(deadLetter({ payload: Buffer.from(payload), ...parts }));
}

beforeEach(() => {
  for (const { id } of store.list({}, { limit: 1_000 }).letters) {
    store.claim(id, 'test', 1);
    store.remove(id, 'test');
  }
  handled.clear();
  delete connection.url;
  delete connection.protocolVersion;
});

describeEachBroker('dead-letters replay', (broker) => {
  beforeEach(() => void Object.assign(connection, broker.connection));

  it('runs the handlers without affecting the session, connection and will of the running application', async () => {
    const app = await NestFactory.create(AppModule());
    closeAfterTest(() => app.close());
    const server = app.get(ServerMqtt);
    app.connectMicroservice({ strategy: server });
    await app.startAllMicroservices();
    await app.init();
    const peer = await connectMqttJs(broker);
    const seen = await subscribeMqttJs(peer, '#', { qos: 1 });
    const ids = ['one', 'two', 'bad'].map((payload) => keep(payload));

    const result = await run('replay', MODULE, '--all', '--per-second', '1000');
    expect(result.out).toBe(
      'Replayed 2 dead letters, 1 failed, 0 exhausted, 0 skipped.\n' +
        `Last error: Dead letter ${ids[2]} has failed again: RangeError: bad is out of stock\n`,
    );
    expect(result.err).toMatch(
      /^\[#{24}\] 3 of 3: 2 replayed, 1 failed, 0 exhausted, 0 skipped, \d+\/s, 0 s left\n1 failed and can be replayed again\.\n$/,
    );
    expect(result.code).toBe(1);
    expect(handled.entries.toSorted()).toEqual(['one', 'two']);
    expect(store.list({}, { limit: 9 }).letters).toMatchObject([{ id: ids[2], replays: 1, error: 'RangeError' }]);

    await peer.publishAsync('end', 'end', { qos: 1 });
    await seen.until((all) => all.some(({ topic }) => topic === 'end'), 'the end');
    expect(seen.entries.map(({ topic }) => topic).toSorted()).toEqual(['end', 'stock/taken', 'stock/taken']);
    expect(server.health()).toMatchObject({ connected: true });
    expect(transportLogs('warn')).toEqual([]); // no session taken over
  });

  it('says why wanted letters are left, with exit code 1', async () => {
    keep('bad');
    keep('bad', { replays: 1 });
    keep('bad', { replays: 2 });
    store.claim(keep('killed'), 'test', 60_000);
    keep('good');
    const first = await run('replay', MODULE, '--all');
    expect(first.out).toMatch(/^Replayed 1 dead letter, 1 failed, 2 exhausted, 1 skipped\.\nLast error: /);
    expect(first.err.split('\n').slice(1)).toEqual([
      '1 failed and can be replayed again.',
      '2 have reached maxReplays (2): repair first, then give a larger --max-replays, or discard.',
      '1 is claimed by another process (lease: up to 30 s): run the command again later.',
      '',
    ]);
    expect(first.code).toBe(1);

    const { code, err } = await run('replay', MODULE, '--all', '--max-replays', '3');
    expect(err.split('\n').slice(1, 3)).toEqual([
      '1 failed and can be replayed again.',
      '2 have reached maxReplays (3): repair first, then give a larger --max-replays, or discard.',
    ]);
    expect(code).toBe(1);
  });

  it('takes a letter that its claimer has replayed meanwhile for replayed', async () => {
    const id = keep('elsewhere');
    store.claim(id, 'another process', 60_000);
    keep('last');
    const begun = handled.atLeast(1);
    const result = run('replay', MODULE, '--all');
    await begun;
    store.remove(id, 'another process');
    expect(await result).toMatchObject({
      code: 0,
      out: 'Replayed 1 dead letter, 0 failed, 0 exhausted, 1 skipped.\n',
    });
  });

  it('replays the letters of a Topic Filter', async () => {
    const [one, other] = [keep('one'), keep('other', { topic: 'plant/1/orders' })];
    expect(await run('replay', MODULE, '--all', '--topic', 'orders/+')).toMatchObject({ code: 0 });
    expect([store.get(one), store.get(other)?.id]).toEqual([undefined, other]);
    expect(await run('replay', MODULE, '--all', '--topic', 'orders/+')).toEqual({
      code: 0,
      out: '',
      err: 'No dead letters found.\n',
    });
  });

  it('replays single letters, one with other data, and reports the error of each', async () => {
    const [bad, tired] = [keep('bad'), keep('bad', { replays: 2 })] as const;
    const replaced = await run('replay', MODULE, bad, '--data', '"good"');
    expect(replaced).toEqual({ code: 0, out: `Replayed dead letter ${bad}.\n`, err: '' });
    expect(handled.entries).toEqual(['good']);
    const { code, out, err } = await run('replay', MODULE, tired, bad);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(
      /has been replayed 2 times.*\nThere is no dead letter .*\n2 of 2 dead letters were not replayed\.\n$/,
    );
  });

  it('ends when interrupted, and keeps what it has not replayed', async () => {
    for (let i = 0; i < 20; i++) keep(`order ${i}`);
    const replaying = run('replay', MODULE, '--all', '--per-second', '1');
    await handled.atLeast(1);
    process.emit('SIGINT');
    const { code, out, err } = await replaying;
    expect(code).toBe(1);
    expect(out).toMatch(/^Replayed 1 dead letter/);
    expect(err).toMatch(/interrupted\. Run .+\.\n$/i);
    expect(store.size).toBe(19);
  });

  it.each([
    [['--all', '--to', 'nowhere'], /^--to .* handler or topic\./],
    [['--all', '--data', '1'], /^--data is for one letter\./],
    [['1', '2', '--data', '1'], /^--data is for one letter\./],
    [['1', '--data', '{'], /^--data is .*JSON: /],
  ])('replays nothing with %j', async (args, says) => {
    keep('x');
    const { code, err } = await run('replay', MODULE, ...args);
    expect(err).toMatch(says);
    expect(code).toBe(2);
    expect(handled.entries).toEqual([]);
  });

  it('publishes to the topic with --to topic', async () => {
    const id = keep('again');
    const peer = await connectMqttJs(broker);
    const seen = await subscribeMqttJs(peer, 'orders/created', { qos: 1 });
    expect(await run('replay', MODULE, id, '--to', 'topic')).toMatchObject({ code: 0 });
    const [message] = await seen.atLeast(1);
    expect(message!.payload.toString()).toBe('again');
    expect(store.size).toBe(0);
  });
});

describe('dead-letters list and discard', () => {
  it('lists letters without control characters, and needs no broker', async () => {
    const id = keep('secret', { replays: 1, topic: 'orders/\u001b[2J', reason: 'bad\u009b1m' });
    const { code, out, err } = await run('list', MODULE);
    expect(out).toBe(`${id}  2026-01-02T00:00:00.000Z  orders/ [2J  (1 run, replayed once)  TypeError: bad 1m\n`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('lists all of them as JSON', async () => {
    const id = keep('secret', { reason: 'bad\u009b1m' });
    const { out } = await run('list', MODULE, '--json');
    expect(out).not.toContain('\u009b');
    expect(JSON.parse(out)).toMatchObject({ id, payload: 'secret', topic: 'orders/created', reason: 'bad\u009b1m' });
  });

  it('lists letters that match a filter, newest first, up to a limit', async () => {
    const ids = ['a', 'b', 'c', 'd'].map((name, i) =>
      keep(name, { error: name === 'a' ? 'Other' : 'TypeError', time: Date.UTC(2026, 0, 2 + i) }),
    );
    const listed = async (...args: string[]): Promise<string[]> =>
      (await run('list', MODULE, ...args)).out
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' ')[0]!);
    expect(await listed('--error', 'TypeError', '--newest')).toEqual([ids[3], ids[2], ids[1]]);
    expect(await listed('--since', '2026-01-03', '--before', '2026-01-05T00:00:00Z')).toEqual([ids[1], ids[2]]);
    expect(await listed('--topic', 'none')).toEqual([]);
    expect(await listed('--topic', 'orders/+')).toEqual(ids);
    expect(await listed('--limit', 'Infinity')).toEqual(ids);
    const { out, err } = await run('list', MODULE, '--limit', '2');
    expect(out.split('\n')).toHaveLength(3);
    expect(err).toBe('There may be more: list them with --limit 20.\n');
  });

  it('discards letters by id or by filter', async () => {
    const ids = ['a', 'b', 'c'].map((name) => keep(name, { error: name === 'c' ? 'Other' : 'TypeError' })) as [
      string,
      string,
      string,
    ];
    expect(await run('discard', MODULE, ids[0], 'none')).toEqual({
      code: 1,
      out: 'Discarded 1 dead letter.\n',
      err: 'There is no dead letter none: it was replayed or discarded.\n1 could not be discarded.\n',
    });
    expect(await run('discard', MODULE, '--all', '--error', 'TypeError')).toMatchObject({ code: 0 });
    expect(store.list({}, { limit: 9 }).letters.map(({ id }) => id)).toEqual([ids[2]]);
  });

  it('reports invalid arguments, with exit code 2', async () => {
    const cases: [string[], string][] = [
      [['burn', MODULE], 'Unknown command "dead-letters burn". Give one of dead-letters list, dead-letters replay,'],
      [['list'], 'Give the file of one module, such as dist/app.module.js.'],
      [['list', MODULE, '7'], 'Letters are not listed by id.'],
      [
        ['list', MODULE, '--topic', 'a/#/b'],
        '--topic is neither a topic nor a Topic Filter: # must be the whole last level.',
      ],
      [['replay', MODULE], 'Give the ids of the letters to replay, or --all'],
      [['discard', MODULE, '7', '--all'], 'Give either ids, or --all'],
      [['discard', MODULE, '7', '--topic', 'a'], 'Give either ids, or --all'],
      [['list', MODULE, '--since', 'yesterday'], '--since is not a time: yesterday'],
      [['list', MODULE, '--limit', 'x'], '--limit is not a number'],
      [['replay', MODULE, '--all', '--max-replays', '1.5'], '--max-replays is not a whole number: 1.5'],
      [['list', MODULE, '--colour'], "Unknown option '--colour'. See nestjs-mqtt-transport dead-letters list --help."],
      [['list', MODULE, '--to', 'topic'], "Unknown option '--to'."],
      [['list', MODULE, '--limit'], "Option '--limit <value>' argument missing. See"],
      [['list', `${MODULE}#WithoutStore`], 'Give MqttModule.forRoot() the option deadLetters: { store }'],
      [
        ['list', `${MODULE}#TwoBrokers`],
        'Several servers keep dead letters: select one with --broker, one of plant, office',
      ],
      [
        ['list', `${MODULE}#TwoBrokers`, '--broker', 'attic'],
        'No server of broker "attic" keeps dead letters. Brokers that do: plant, office.',
      ],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await run(...args);
      expect(err).toContain(message);
      expect(err.split('\n')).toHaveLength(2); // nothing follows the error
      expect(code).toBe(2);
    }
    expect(await run('list', `${MODULE}#TwoBrokers`, '--broker', 'plant')).toMatchObject({ code: 0 });
  });

  it('reports that the broker is not reachable', async () => {
    connection.url = 'mqtt://127.0.0.1:1';
    const { code, err } = await run('replay', MODULE, keep('x'));
    expect(code).toBe(1);
    expect(err).toMatch(/127\.0\.0\.1:1/);
    expect(store.size).toBe(1);
  });
});
