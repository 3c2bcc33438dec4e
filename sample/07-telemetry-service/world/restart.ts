import sqlite from 'node-sqlite3-wasm';
import type { Brokers } from './brokers.js';
import { check } from './checks.js';
import { eventsOf } from './feed.js';
import { Load } from './load.js';
import { say } from './say.js';
import { ServiceProcess } from './service-process.js';
import { ServiceQueue } from './service-queue.js';

/** Messages that the service handles before it is stopped, and again before the devices are stopped. */
const ENOUGH = 500;
/** Minimum of messages in flight when the service is stopped. */
const BUSY = 10;

/** Stops the service with SIGTERM under load, restarts it, and counts the rows in the database. */
export async function restartUnderLoad(
  brokers: Brokers,
  service: ServiceProcess,
  environment: { DATABASE: string },
): Promise<void> {
  const client = brokers.device();
  const queue = new ServiceQueue(brokers.plant, 'telemetry-0-server');
  const load = new Load(client);
  await eventsOf(`${service.url}/devices/line-1/feed`).next(); // an open feed must not delay the shutdown

  await queue.takes(ENOUGH);
  await queue.isBusyWith(BUSY);
  say('world', `SIGTERM, with ${queue.inFlight} readings in flight`);
  await service.terminate();
  say('world', `the service has stopped, ${queue.waiting} readings wait for it, and devices continue to report`);

  const next = await ServiceProcess.start(environment);
  await queue.takes(ENOUGH);
  await load.stop();
  await queue.isEmpty();
  await next.terminate();
  await client.close();

  const stored = storedIn(environment.DATABASE);
  const lost = [...load.published].filter((id) => !stored.has(id));
  say('world', `${load.published.size} readings published, delivered ${queue.delivered} times, ${stored.size} stored`);
  check('no reading is lost', lost.length, 0);
  check(
    'each reading is stored once',
    [...stored.values()].filter((rows) => rows !== 1),
    [],
  );
}

/** Rows by id. The service must be stopped, since its database is locked otherwise. */
function storedIn(file: string): Map<unknown, unknown> {
  const database = new sqlite.Database(file, { readOnly: true });
  const counted = database.all(`select id, count(*) as rows from readings where device like 'line-%' group by id`);
  database.close();
  return new Map(counted.map(({ id, rows }) => [id, rows]));
}
