/**
 * Transactional outbox: an order and its event commit together, a relay publishes the event, and another service bills the order,
 * exactly once. Meanwhile the shop is killed repeatedly, and the broker is down for a while.
 *
 *   DATABASE_URL  PostgreSQL to use; the sample creates its own schema; default: starts an installed PostgreSQL
 *
 * Plays one round, checks it, and exits with 0 on success.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ServerMqtt } from 'nestjs-mqtt-transport';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { say } from '../01-quick-start/say.js';
import { BillingController } from './billing.controller.js';
import { BillingModule } from './billing.module.js';
import { createTables, databaseOf, dropTables } from './database.js';
import { startPostgres } from './postgres.js';
import { count, playRound } from './round.js';

const database = await startPostgres(process.env['DATABASE_URL']).catch((error: unknown) => {
  console.error((error as Error).message);
  return process.exit(1);
});
const pool = databaseOf(database.url);
await createTables(pool);
const broker = new MqttBroker();
const mqttUrl = await broker.listen();
const billing = await NestFactory.create(BillingModule.of(mqttUrl, pool), { logger: ['error'] });
billing.connectMicroservice<MicroserviceOptions>({ strategy: billing.get(ServerMqtt) });
await billing.startAllMicroservices();

const problems = await playRound(broker, mqttUrl, database.url, pool);
const { deliveries } = billing.get(BillingController);
say(
  'billing',
  `${await count(pool, 'orders')} orders, ${deliveries} events delivered, ${await count(pool, 'bills')} bills`,
);
for (const problem of problems) console.error(`Failed check: ${problem}`);

await billing.close();
await broker.close();
await dropTables(pool);
await pool.end();
await database.close();
process.exitCode = problems.length > 0 ? 1 : 0;
