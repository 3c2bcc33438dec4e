// The process that is killed: places one order after another until it gets a message, then lets the relay finish.
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { Pool } from 'pg';
import { OrdersService } from './orders.service.js';
import { ShopModule } from './shop.module.js';

const [mqttUrl, databaseUrl] = process.argv.slice(2);
const app = await NestFactory.createApplicationContext(ShopModule.of(mqttUrl!, databaseUrl!), {
  logger: ['error', 'warn'],
});
const orders = app.get(OrdersService);
const closing = new AbortController();
process.once('message', () => closing.abort());
process.once('disconnect', () => process.exit());

while (!closing.signal.aborted) {
  const { id } = await orders.place('tea');
  process.send!({ placed: id }); // after the commit
}
const pool = app.get(Pool);
const waiting = 'SELECT count(*)::int AS count FROM outbox WHERE published_at IS NULL';
while ((await pool.query<{ count: number }>(waiting)).rows[0]!.count > 0) await sleep(20);
await app.close();
await pool.end();
process.exit();
