// Run by start.mjs: what peers in other languages and our server and client make of each other, on the in-process broker and on Mosquitto.
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientMqtt, ServerMqtt } from '../../lib/index.js';
import { MqttBroker } from '../../lib/testing/index.js';
import { MosquittoProcess } from '../support/mosquitto-process.js';
import { PeerProcess } from '../support/peer-process.js';
import { install, missingPrograms } from './install.js';
import { ALL_PEERS, type Peer } from './peers.js';
import { SCENARIOS, type Sides } from './scenarios.js';
import { ServiceModule } from './service.js';
import { writeTable, type Row } from './table.js';

Logger.overrideLogger(false);
const inCi = Boolean(process.env['CI']);
const names = process.argv.slice(2);
const unknown = names.filter((name) => !ALL_PEERS.some((peer) => peer.name === name));
if (unknown.length > 0)
  throw new Error(`No such peer: ${unknown.join(', ')}. There are ${ALL_PEERS.map(({ name }) => name).join(', ')}`);

let failed = 0;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** @returns what the table says, by scenario */
async function tryOut(peer: Peer, folder: string, broker: string, url: string): Promise<boolean[]> {
  const app = await NestFactory.createMicroservice(ServiceModule, {
    strategy: new ServerMqtt({ url, subscribeOptions: { qos: 2 } }),
  });
  await app.listen();
  const client = new ClientMqtt({ url });
  const child = await PeerProcess.start(peer.title, peer.run(folder, new URL(url)));
  try {
    const results: boolean[] = [];
    for (const scenario of SCENARIOS) results.push(await passes(scenario, { client, peer, process: child }, broker));
    return results;
  } finally {
    child.close();
    await client.close();
    await app.close();
  }
}

async function passes(scenario: (typeof SCENARIOS)[number], sides: Sides, broker: string): Promise<boolean> {
  const what = `${sides.peer.name}, ${broker}: ${scenario.title}`;
  try {
    await scenario.run(sides);
    say(`ok      ${what}`);
    return true;
  } catch (error) {
    failed++;
    say(`FAILED  ${what}\n        ${String(error).replaceAll('\n', '\n        ')}`);
    return false;
  }
}

async function rowOf(peer: Peer): Promise<Row | undefined> {
  const missing = missingPrograms(peer);
  if (missing.length > 0) {
    if (inCi) failed++;
    say(`${inCi ? 'FAILED ' : 'NOT RUN'} ${peer.name}: ${missing.join(', ')} not found`);
    return undefined;
  }
  const folder = install(peer);
  const inProcess = new MqttBroker();
  const mosquitto = await MosquittoProcess.launch();
  try {
    const results = [
      await tryOut(peer, folder, 'in-process', await inProcess.listen()),
      await tryOut(peer, folder, 'Mosquitto', mosquitto.url),
    ];
    return { title: peer.title, cells: SCENARIOS.map((_, i) => (results.every((each) => each[i]) ? 'yes' : 'no')) };
  } finally {
    await mosquitto.close();
    await inProcess.close();
  }
}

const rows: Row[] = [];
for (const peer of ALL_PEERS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const row = await rowOf(peer);
  if (row) rows.push(row);
}
if (!inCi)
  await writeTable(
    SCENARIOS.map(({ title }) => title),
    rows,
    ALL_PEERS.map(({ title }) => title),
  );
say(`${rows.length} peers, ${failed} failures`);
process.exitCode = failed > 0 ? 1 : 0;
