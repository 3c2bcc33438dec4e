import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { MqttInspector } from '../../../lib/inspector/index.js';
import type { InspectedHouse } from './application.js';
import { closeAfterTest } from '../../support/closing.js';
import { snapshotsOf, startHouse } from './application.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const TOPICS = 100_000;
/** Megabytes by which the heap may grow in a second round of new topics. Keeping each topic takes 6; measured is 0.3. */
const GROWTH = 3;

async function publishToMany({ client }: InspectedHouse, round: number): Promise<void> {
  for (let i = 0; i < TOPICS; i++) {
    const written = client.publish(`house/room-${round}-${i}/temperature`, i);
    if (i % 500 === 0) await written;
  }
  await client.publish(`house/hall/broken`, `round ${round}`, { qos: 1 }); // when this one arrives, all earlier ones have arrived
}

function heapMegabytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

it('stays small with 100,000 topics, 10 viewers, and one that does not read', async () => {
  const house = await startHouse();
  const { url, app } = house;
  const { hostname, port, pathname } = new URL(url);
  const deaf = connect(Number(port), hostname, () =>
    deaf.write(`GET ${pathname}/snapshots HTTP/1.1\r\nHost: x\r\n\r\n`),
  );
  deaf.pause();
  closeAfterTest(() => deaf.destroy());
  const viewers = Array.from({ length: 10 }, () => snapshotsOf(url));
  await Promise.all(viewers.map((viewer) => viewer.next()));
  const largest = await sizesWhile(viewers, async () => {
    await publishToMany(house, 1);
    const before = heapMegabytes();
    await publishToMany(house, 2);
    expect(heapMegabytes() - before).toBeLessThan(GROWTH);
  });
  expect(largest).toBeLessThan(100_000); // bytes of a snapshot
  expect(app.get(MqttInspector).inFlight.view().all).toBeLessThanOrEqual(1_000);
}, 300_000);

/** All viewers read while `act` runs. @returns characters of the largest snapshot */
async function sizesWhile(viewers: readonly AsyncGenerator<unknown>[], act: () => Promise<void>): Promise<number> {
  let largest = 0;
  let over = false;
  const reading = viewers.map(async (viewer) => {
    for await (const snapshot of viewer) {
      largest = Math.max(largest, JSON.stringify(snapshot).length);
      if (over) break;
    }
  });
  try {
    await act();
  } finally {
    over = true;
    await Promise.all(reading);
  }
  return largest;
}
