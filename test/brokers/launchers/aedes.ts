import { join } from 'node:path';
import type { BrokerKind } from './broker-kind.js';
import { startBrokerProcess } from './broker-process.js';
import { cached, SOURCES } from './cache.js';
import { run } from './run.js';

const VERSION = '2.0.0-beta.1';

export const aedes: BrokerKind = {
  name: 'aedes',
  title: 'aedes beta',
  missing: () => undefined,
  prepare: async () => void (await packages()),
  async launch() {
    const folder = await packages();
    const broker = await startBrokerProcess('aedes', (_folder, port) => ({
      command: process.execPath,
      args: [join(SOURCES, 'aedes/main.mjs'), join(folder, 'node_modules/aedes'), `${port}`],
    }));
    return { ...broker, version: VERSION };
  },
};

function packages(): Promise<string> {
  return cached('aedes', VERSION, async (folder) => {
    await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `aedes@${VERSION}`]);
  });
}
