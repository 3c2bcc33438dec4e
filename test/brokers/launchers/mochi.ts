import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../../support/find-executable.js';
import type { BrokerKind } from './broker-kind.js';
import { startBrokerProcess } from './broker-process.js';
import { cached, SOURCES } from './cache.js';
import { run } from './run.js';

const FILES = ['main.go', 'go.mod', 'go.sum'].map((name) => join(SOURCES, 'mochi', name));

export const mochi: BrokerKind = {
  name: 'mochi',
  title: 'mochi',
  missing: () => (findExecutable('go') ? undefined : 'Go 1.21 or later: https://go.dev/dl'),
  prepare: async () => void (await program()),
  async launch() {
    const command = await program();
    const broker = await startBrokerProcess('mochi', (_folder, port) => ({
      command,
      args: ['-address', `127.0.0.1:${port}`],
    }));
    const version = /mochi-mqtt\/server\/v2 v(\S+)/.exec(readFileSync(FILES[1]!, 'utf8'))?.[1];
    return { ...broker, version: version ?? 'unknown' };
  },
};

async function program(): Promise<string> {
  const sources = FILES.map((file) => readFileSync(file, 'utf8')).join('');
  const folder = await cached('mochi', sources, async (empty) => {
    await run('go', ['build', '-o', join(empty, 'mochi'), '.'], { cwd: join(SOURCES, 'mochi') });
  });
  return join(folder, 'mochi');
}
