import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MqttBroker } from 'nestjs-mqtt-transport/testing';
import type { Pool } from 'pg';
import { say } from '../01-quick-start/say.js';

const KILLS = 5;
/** Orders of one process before it is killed. */
const ORDERS = 50;
const MAX_DELAY_MS = 20;
const TIMEOUT_MS = 30_000;

/** Kills the shop repeatedly while it places orders, once while the broker is down. @returns the problems */
export async function playRound(
  broker: MqttBroker,
  mqttUrl: string,
  databaseUrl: string,
  pool: Pool,
): Promise<string[]> {
  const confirmed = new Set<string>();
  for (let kill = 1; kill <= KILLS; kill++) {
    const away = kill === 2;
    if (away) await broker.stop();
    const shop = startShop(mqttUrl, databaseUrl, confirmed);
    await placed(shop, ORDERS);
    await sleep(Math.random() * MAX_DELAY_MS);
    shop.kill('SIGKILL');
    await once(shop, 'exit');
    say('shop', `killed with ${await waiting(pool)} events in the outbox${away ? ', while the broker is down' : ''}`);
    if (away) await broker.start();
  }
  const last = startShop(mqttUrl, databaseUrl, confirmed);
  await placed(last, 1);
  last.send('stop');
  await once(last, 'exit', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; await sleep(50))
    if ((await count(pool, 'bills')) >= (await count(pool, 'orders'))) break;
  return problems(pool, confirmed);
}

function startShop(mqttUrl: string, databaseUrl: string, confirmed: Set<string>): ChildProcess {
  const shop = fork(fileURLToPath(new URL('shop.js', import.meta.url)), [mqttUrl, databaseUrl]);
  shop.on('message', ({ placed: id }: { placed: string }) => void confirmed.add(id));
  return shop;
}

async function placed(shop: ChildProcess, orders: number): Promise<void> {
  for (let i = 0; i < orders; i++) await once(shop, 'message', { signal: AbortSignal.timeout(TIMEOUT_MS) });
}

async function problems(pool: Pool, confirmed: Set<string>): Promise<string[]> {
  const { rows } = await pool.query<{ id: string; bills: number }>(
    'SELECT orders.id, count(bills.order_id)::int AS bills FROM orders LEFT JOIN bills ON bills.order_id = orders.id GROUP BY orders.id',
  );
  const orders = new Set(rows.map(({ id }) => id));
  return [
    ...rows.filter(({ bills }) => bills !== 1).map(({ id, bills }) => `order ${id} has ${bills} bills`),
    ...[...confirmed].filter((id) => !orders.has(id)).map((id) => `order ${id} was confirmed but is missing`),
    ...((await waiting(pool)) > 0 ? ['the outbox is not empty'] : []),
  ];
}

async function waiting(pool: Pool): Promise<number> {
  return count(pool, 'outbox WHERE published_at IS NULL');
}

export async function count(pool: Pool, what: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${what}`);
  return rows[0]!.count;
}
