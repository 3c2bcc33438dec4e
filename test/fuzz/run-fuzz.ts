import { setImmediate as turn } from 'node:timers/promises';
import { generate } from 'mqtt-packet';
import { ClientMqtt, ServerMqtt } from '../../lib/index.js';
import { within } from '../support/deadline.js';
import type { Random } from '../support/random.js';
import { HostileBroker } from './hostile-broker.js';
import { HostilePackets, type Targets } from './hostile-packets.js';

export interface FuzzOptions {
  readonly packets: number;
  readonly protocolVersion: 4 | 5;
  readonly random: Random;
}

export interface FuzzResult {
  readonly sent: number;
  /** How often server or client gave up for good, as over a takeover, and were started again. */
  readonly restarts: number;
  readonly handled: number;
  readonly requests: number;
  readonly unsettled: number;
  /** What should not have happened. */
  readonly problems: readonly string[];
}

const TOPICS = ['fuzz/event', 'fuzz/echo', 'fuzz/stream', 'fuzz/x', 'nobody/listens', 'x'.repeat(60_000), '$SYS/a'];
const PACKETS_PER_TURN = 20;
const TURNS_PER_REQUEST = 5;
const PATIENCE_MS = 60_000;

/** Throws packets at a server and a client, and sees whether they are still there. */
export async function runFuzz({ packets, protocolVersion, random }: FuzzOptions): Promise<FuzzResult> {
  const problems: string[] = [];
  const note = (error: unknown): void => void problems.push(String((error as Error)?.stack ?? error));
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);

  const counts = { handled: 0, restarts: 0, requests: 0, unsettled: 0 };
  const sides = [await serverSide(protocolVersion, counts), await clientSide(protocolVersion, counts)];
  const hostile = new HostilePackets(random, protocolVersion);
  let sent = 0;
  for (let round = 0; sent < packets; round++) {
    for (const side of sides) {
      await within(side.ready(), 'a connection', PATIENCE_MS);
      for (let left = PACKETS_PER_TURN; left > 0; left--) if (side.broker.send(hostile.next(side.targets()))) sent++;
      if (round % TURNS_PER_REQUEST === 0) side.stir();
    }
    await new Promise((resolve) => setTimeout(resolve, 1)); // so that it is read
  }
  for (const side of sides) {
    try {
      await within(side.prove(), 'a sign of life', PATIENCE_MS);
    } catch (error) {
      note(error);
    }
    await side.close();
  }
  await turn();
  if (({} as { polluted?: unknown }).polluted !== undefined) note('the prototype of all objects is polluted');
  if (counts.unsettled > 0) note(`${counts.unsettled} promises have not settled`);
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  return { sent, ...counts, problems };
}

interface Counts {
  handled: number;
  restarts: number;
  requests: number;
  unsettled: number;
}

interface Side {
  readonly broker: HostileBroker;
  targets(): Targets;
  /** Connected, or connected anew. */
  ready(): Promise<void>;
  /** Does something honest of its own. */
  stir(): void;
  /** Resolves when it works as if nothing had happened. */
  prove(): Promise<void>;
  close(): Promise<void>;
}

/** Topic Aliases, which only a client that takes them is sent. */
function aliases(protocolVersion: 4 | 5): object {
  return protocolVersion === 5 ? { properties: { topicAliasMaximum: 50 } } : {};
}

/** A length that is made up swallows what comes behind it: what is not answered is given up early. */
const IMPATIENT = { connectTimeout: 300, keepalive: 1 };
const RECONNECT = { initialDelay: 0, maxDelay: 5 };

function echo(counts: Counts): (data: unknown) => Promise<unknown> {
  return (data) => {
    counts.handled++;
    return Promise.resolve(data);
  };
}

async function serverSide(protocolVersion: 4 | 5, counts: Counts): Promise<Side> {
  const broker = await HostileBroker.listen(protocolVersion);
  const options = {
    url: broker.url,
    protocolVersion,
    reconnect: RECONNECT,
    ...IMPATIENT,
    gracefulTimeout: 100,
    maxPayloadBytes: 60_000,
  };
  let awaited: string | undefined;
  let closed = false;
  let server = await start();
  const isAwaited = (): boolean => awaited !== undefined;

  async function start(): Promise<ServerMqtt> {
    const next = new ServerMqtt({ ...options, subscribeOptions: { qos: 1 }, ...aliases(protocolVersion) });
    next.addHandler('fuzz/echo', echo(counts));
    next.addHandler('fuzz/x', echo(counts));
    next.addHandler('fuzz/stream', (data) => Promise.resolve([data, data]));
    next.addHandler(
      'fuzz/event',
      (data: unknown) => {
        counts.handled++;
        if (data === awaited) awaited = undefined;
        return Promise.resolve();
      },
      true,
    );
    closed = false;
    next.status.subscribe((state) => {
      if (state === 'closed') closed = true;
    });
    // while nothing hostile is sent it comes about; and if it does not, that is told
    await new Promise<void>((resolve, reject) => {
      void next.listen((error) => (error ? reject(new Error('It cannot listen', { cause: error })) : resolve()));
    });
    return next;
  }

  async function ready(): Promise<void> {
    if (closed) {
      counts.restarts++;
      await server.close();
      server = await start();
    }
    await broker.connected();
  }

  return {
    broker,
    ready,
    targets: () => ({ topics: TOPICS, responseTopic: 'reply/x', correlationData: Buffer.from('x') }),
    stir: () => {},
    async prove() {
      const marker = `alive ${Math.random()}`;
      awaited = marker;
      const packet = {
        cmd: 'publish',
        topic: 'fuzz/event',
        payload: marker,
        qos: 0,
        dup: false,
        retain: false,
      } as const;
      while (isAwaited()) {
        await ready();
        broker.send(generate(packet, { protocolVersion })); // behind what was begun, where a connection is still to fall over that
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async close() {
      await server.close();
      await broker.close();
    },
  };
}

async function clientSide(protocolVersion: 4 | 5, counts: Counts): Promise<Side> {
  const broker = await HostileBroker.listen(protocolVersion);
  const options = { url: broker.url, protocolVersion, reconnect: RECONNECT, ...IMPATIENT, requestTimeout: 1_000 };
  const client = new ClientMqtt({
    ...options,
    envelope: protocolVersion === 5 ? 'plain' : 'nest',
    ...aliases(protocolVersion),
  });
  let closed = false;
  client.status.subscribe((state) => (closed = (state as string) === 'closed'));
  client.messages('fuzz/#', { qos: 2 }).subscribe({ error: () => {} });
  await client.connect();

  function track(promise: Promise<unknown>): void {
    counts.unsettled++;
    const settled = (): void => void counts.unsettled--;
    promise.then(settled, settled);
  }

  async function ready(): Promise<void> {
    if (closed) {
      counts.restarts++;
      await client.connect().catch(() => {}); // it is asked again
    }
    if (!closed) await broker.connected();
  }

  return {
    broker,
    ready,
    targets: () => ({
      topics: TOPICS,
      responseTopic: protocolVersion === 5 ? broker.responseTopic : 'asked/reply',
      correlationData: broker.correlationData,
    }),
    stir() {
      counts.requests++;
      track(client.request('asked', { n: counts.requests }));
      track(client.publish('told', counts.requests, { qos: (counts.requests % 3) as 0 | 1 | 2 }));
    },
    async prove() {
      broker.honest = true;
      for (let attempt = 0, alive = false; !alive; attempt++) {
        await ready();
        // topics of its own: what the broker hung up over twice stays refused for a minute
        const sign =
          protocolVersion === 4
            ? client.publish(`alive/${attempt}`, 'alive', { qos: 1 })
            : client.request('asked', 'alive', { responseTopic: `alive/${attempt}` });
        alive = await sign.then(
          (reply) => protocolVersion === 4 || reply?.data === 'alive',
          () => false,
        );
        if (!alive) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async close() {
      await client.close();
      await broker.close();
      while (counts.unsettled > 0 && counts.requests > 0) {
        const before = counts.unsettled;
        await new Promise((resolve) => setTimeout(resolve, 2_000)); // longer than any request lives
        if (counts.unsettled === before) break;
      }
    },
  };
}
