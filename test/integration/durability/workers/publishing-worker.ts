import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClassicLevel } from 'classic-level';
import type { Packet } from 'mqtt';
import { ClientMqtt, type MqttConnectionOptions } from '../../../../lib/index.js';
import { LevelOutgoingStore } from '../../../../lib/stores/index.js';
import { report, workerParameters } from '../../../support/worker-main.js';

export interface PublishingWorkerParameters {
  readonly connection: MqttConnectionOptions;
  /** Of the database. */
  readonly folder: string;
  /** Where `classic-level` is: a bundle cannot hold what is no JavaScript. */
  readonly level: string;
  readonly topics: readonly string[];
  /** Number of the first message to each topic. */
  readonly first: number;
  readonly count: number;
}

/** Reported when the store has a message, `<topic> <number>`, and in the end 'settled', when all are acknowledged. */
export type Accepted = string;

const { connection, folder, level, topics, first, count } = workerParameters<PublishingWorkerParameters>();
const classic = createRequire(import.meta.url)(level) as { ClassicLevel: typeof ClassicLevel };

class TellingStore extends LevelOutgoingStore {
  override put(packet: Packet, done: (error?: Error) => void): this {
    return super.put(packet, (error) => {
      if (!error && packet.cmd === 'publish') report(`${packet.topic} ${String(packet.payload)}` satisfies Accepted);
      done(error);
    });
  }
}

process.on('disconnect', () => process.exit());
const client = new ClientMqtt({
  ...connection,
  outgoingStore: new TellingStore(new classic.ClassicLevel(folder)),
});
report('ready');
const ends: Promise<void>[] = [];
for (let n = first; n < first + count; n++) {
  for (const [i, topic] of topics.entries()) ends.push(client.publish(topic, n, { qos: i % 2 === 0 ? 1 : 2 }));
  await sleep(1);
}
await Promise.all(ends);
report('settled');
