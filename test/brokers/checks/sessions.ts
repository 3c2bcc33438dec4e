import assert from 'node:assert/strict';
import { Journal } from '../../support/journal.js';
import type { Check } from '../check.js';
import { onEvent } from '../handlers.js';

const resume: Check = {
  name: 'session-resume',
  title: 'Messages that come while a server is away arrive when it is back',
  async run(scene) {
    const seen = new Journal<unknown>();
    const handler = onEvent(scene.topic('a'), (data) => seen.add(data), { qos: 1, maxWorkers: 1 });
    const options = scene.durable('server');
    const { app } = await scene.serve(options, handler);
    await app.close();
    const client = scene.client({ publishOptions: { qos: 1 } });
    for (const i of [1, 2, 3]) await client.publish(scene.topic('a'), i);
    await scene.serve(options, handler);
    assert.deepEqual(new Set(await seen.atLeast(3)), new Set([1, 2, 3]));
  },
};

const loss: Check = {
  name: 'session-loss',
  title: 'A lost session is subscribed anew',
  async run(scene) {
    const seen = new Journal<unknown>();
    const options = { ...scene.durable('server'), reconnect: { initialDelay: 500, jitter: false } };
    const { server } = await scene.serve(
      options,
      onEvent(scene.topic('a'), (data) => seen.add(data), { qos: 1 }),
    );
    const lost = new Promise<void>((resolve) => server.on('sessionLost', resolve));
    server.unwrap().stream.destroy();
    const usurper = await scene.raw({ clientId: options.clientId!, clean: true }); // ends the session while the server is away
    await usurper.endAsync();
    await lost;
    const client = scene.client({ publishOptions: { qos: 1 } });
    // subscribed anew a little later than told
    while (seen.size === 0) {
      await client.publish(scene.topic('a'), 'again');
      await seen.atLeast(1, 200).catch(() => {});
    }
    assert.equal(seen.entries[0], 'again');
  },
};

export const SESSION_CHECKS: readonly Check[] = [resume, loss];
