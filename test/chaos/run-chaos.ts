import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MqttBroker } from '../../lib/testing/index.js';
import { eventually, within } from '../support/deadline.js';
import type { Random } from '../support/random.js';
import { Caller, type Tally } from './callers.js';
import { ChaosServer } from './servers.js';

export interface ChaosOptions {
  readonly seconds: number;
  readonly random: Random;
  readonly collectGarbage: () => void;
}

export interface ChaosResult {
  readonly kills: Readonly<Record<'broker' | 'links' | 'processes', number>>;
  readonly published: number;
  /** Published messages that no handler has ever run for. */
  readonly lost: readonly string[];
  /** Runs beyond the first: QoS 1 is at least once. */
  readonly handledAgain: number;
  readonly answered: number;
  /** Requests that ended with an error that says that the connection, or the time, was over. */
  readonly failed: number;
  readonly unsettled: number;
  /** Bytes that the heap has grown since the first third. */
  readonly heapGrowth: number;
  readonly leftovers: readonly string[];
  readonly problems: readonly string[];
}

const SERVERS = 4;
const CLIENTS = 8;
const PAUSE_MS = 25;
const PATIENCE_MS = 60_000;
const RECONNECT = { initialDelay: 20, maxDelay: 500 };
const SESSION = { clean: false, properties: { sessionExpiryInterval: 3_600 } };

/** Kills at random, then sees what became of everything. */
export async function runChaos({ seconds, random, collectGarbage }: ChaosOptions): Promise<ChaosResult> {
  const tally: Tally = { published: [], answered: 0, failed: 0, underWay: 0, problems: [] };
  process.on('unhandledRejection', (reason) => tally.problems.push(`unhandled: ${String(reason)}`));
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const effects = join(folder, 'effects');
  await writeFile(effects, '');
  const broker = new MqttBroker({ maximumQueuedMessages: 10_000_000 });
  const url = await broker.listen();
  const connection = { url, protocolVersion: 5, reconnect: RECONNECT } as const;

  const servers = Array.from(
    { length: SERVERS },
    (_, n) => new ChaosServer({ connection: { ...connection, ...SESSION, clientId: `server-${n}` }, effects }),
  );
  await Promise.all(servers.map((server) => server.start()));
  const callers = Array.from({ length: CLIENTS }, (_, n) => new Caller(`client-${n}`, connection, tally));
  const running = Promise.all(callers.map((caller) => caller.run(PAUSE_MS)));

  const kills = { broker: 0, links: 0, processes: 0 };
  const restarts: Promise<void>[] = [];
  const start = Date.now();
  let heapAtFirst: number | undefined;
  while (Date.now() - start < seconds * 1_000) {
    await sleep(random.between(200, 1_600));
    const dice = random.next();
    if (dice < 0.2) {
      kills.broker++;
      await broker.restart({ keepSessions: true });
    } else if (dice < 0.75) {
      const link = [...servers, ...callers][random.between(0, SERVERS + CLIENTS - 1)]!;
      if (!broker.session(link.clientId)?.connected) continue;
      kills.links++;
      broker.faults.drop(link.clientId);
    } else {
      kills.processes++;
      restarts.push(servers[random.between(0, SERVERS - 1)]!.restart());
    }
    if (heapAtFirst === undefined && Date.now() - start > (seconds * 1_000) / 3) heapAtFirst = heap(collectGarbage);
  }

  for (const caller of callers) caller.stop();
  await running;
  await Promise.all(restarts);
  await eventually(() => tally.underWay === 0, 'all promises are settled', PATIENCE_MS).catch(() => {});
  const unsettled = tally.underWay;
  const arrived = await handled(effects, tally.published);
  const heapGrowth = heap(collectGarbage) - (heapAtFirst ?? 0);
  const leftovers = callers.flatMap((caller) => caller.leftovers());
  await within(Promise.all(callers.map((caller) => caller.close())), 'the clients to close');
  await within(Promise.all(servers.map((server) => server.stop())), 'the servers to stop', PATIENCE_MS);
  await within(broker.close(), 'the broker to close');
  await rm(folder, { recursive: true, force: true });

  const ids = new Set(arrived);
  return {
    kills,
    published: tally.published.length,
    lost: tally.published.filter((id) => !ids.has(id)),
    handledAgain: arrived.length - ids.size,
    answered: tally.answered,
    failed: tally.failed,
    unsettled,
    heapGrowth,
    leftovers,
    problems: tally.problems,
  };
}

/** Lines of the file, once all that was published is among them, or nothing more comes. */
async function handled(effects: string, published: readonly string[]): Promise<string[]> {
  for (let [lines, before] = [await linesOf(effects), -1]; ; lines = await linesOf(effects)) {
    const there = new Set(lines);
    if (lines.length === before || published.every((id) => there.has(id))) return lines;
    before = lines.length;
    await sleep(5_000);
  }
}

async function linesOf(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
}

function heap(collectGarbage: () => void): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
