import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { ClientMqtt, getMqttServerToken, type ServerMqtt } from 'nestjs-mqtt-transport';
import { filter, firstValueFrom, take, timeout, toArray } from 'rxjs';
import { WORK_MS, type Alarm } from './alarms.controller.js';
import { startApplication } from './application.js';
import type { Brokers } from './brokers.js';
import type { Vault } from './credentials.js';
import { say } from './say.js';

const ALARMS = 6;
const PATIENCE_MS = 10_000;

/** Rotates the credentials, stops a broker, stops the application while handlers run. @returns the problems */
export async function playRound(
  brokers: Brokers,
  vault: Vault,
  app: INestApplication,
): Promise<{ problems: string[]; app: INestApplication }> {
  const problems: string[] = [];
  await expectHealth(app, 200, problems);

  say('round', 'credentials are rotated: the broker ends the connection, the application reconnects with the new ones');
  vault.rotate();
  const back = reconnected(app);
  brokers.plant.faults.drop('operations-server');
  await back;
  await expectHealth(app, 200, problems);

  say('round', 'the broker of the plant stops and restarts');
  const backAgain = reconnected(app);
  await brokers.plant.stop();
  await expectHealth(app, 503, problems);
  await brokers.plant.start();
  await backAgain;
  await expectHealth(app, 200, problems);

  say('round', 'the application is stopped while it handles alarms, and another one resumes its session');
  const listener = new ClientMqtt({ url: brokers.officeUrl });
  const reports = firstValueFrom(
    listener.messages<Alarm>('reports', { qos: 1 }).pipe(take(ALARMS), timeout(PATIENCE_MS), toArray()),
  );
  await brokers.office.waitFor('subscribe', ({ filters }) => filters.includes('reports'));
  for (let id = 1; id <= ALARMS; id++) {
    const payload = JSON.stringify({ id, machine: 'press' });
    brokers.plant.publish({ topic: 'alarms/press', payload, qos: 1, properties: { contentType: 'application/json' } });
    if (id === ALARMS / 2) {
      await sleep(WORK_MS / 4); // they have started
      await app.close(); // as on SIGTERM: running handlers finish, other messages wait
    }
  }
  const next = await startApplication(brokers, vault, 0);
  const ids = (await reports).map(({ data }) => data.id).toSorted((a, b) => a - b);
  say('office', `reports of alarms ${ids.join(', ')}`);
  if (ids.join() !== Array.from({ length: ALARMS }, (_, n) => n + 1).join()) problems.push(`reports of ${ids.join()}`);
  await listener.close();
  return { problems, app: next };
}

async function reconnected(app: INestApplication): Promise<void> {
  const { status } = app.get<ServerMqtt>(getMqttServerToken('plant'));
  await firstValueFrom(
    status.pipe(
      filter((state) => state === 'disconnected'),
      timeout(PATIENCE_MS),
    ),
  );
  await firstValueFrom(
    status.pipe(
      filter((state) => state === 'connected'),
      timeout(PATIENCE_MS),
    ),
  );
}

async function expectHealth(app: INestApplication, expected: number, problems: string[]): Promise<void> {
  const response = await fetch(`${await app.getUrl()}/health`);
  const { details } = (await response.json()) as { details: Record<string, { status: string; message?: string }> };
  const words = Object.entries(details).map(([name, { status, message }]) => `${name} ${message ?? status}`);
  say('health', `${response.status}: ${words.join(', ')}`);
  if (response.status !== expected) problems.push(`the health is ${response.status}, not ${expected}`);
}
