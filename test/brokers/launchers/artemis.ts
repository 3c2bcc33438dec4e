import { join } from 'node:path';
import type { BrokerKind } from './broker-kind.js';
import { startBrokerProcess } from './broker-process.js';
import { SOURCES } from './cache.js';
import { jarsOf, missingJava, versionInPom } from './maven.js';

export const artemis: BrokerKind = {
  name: 'artemis',
  title: 'ActiveMQ Artemis',
  missing: missingJava,
  prepare: async () => void (await jarsOf('artemis')),
  async launch() {
    const jars = await jarsOf('artemis');
    const program = join(SOURCES, 'artemis/Artemis.java');
    const broker = await startBrokerProcess('artemis', (_folder, port) => ({
      command: 'java',
      args: ['-Xmx512m', '-cp', `${jars}/*`, program, `${port}`],
    }));
    return { ...broker, version: versionInPom('artemis', 'artemis-server') };
  },
};
