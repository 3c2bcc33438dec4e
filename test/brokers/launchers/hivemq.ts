import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerKind } from './broker-kind.js';
import { startBrokerProcess } from './broker-process.js';
import { SOURCES } from './cache.js';
import { jarsOf, missingJava, versionInPom } from './maven.js';

const config = (port: number): string => `<?xml version="1.0"?>
<hivemq>
  <listeners>
    <tcp-listener><port>${port}</port><bind-address>127.0.0.1</bind-address></tcp-listener>
  </listeners>
  <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
</hivemq>
`;

export const hivemq: BrokerKind = {
  name: 'hivemq',
  title: 'HiveMQ CE',
  missing: missingJava,
  prepare: async () => void (await jarsOf('hivemq')),
  async launch() {
    const jars = await jarsOf('hivemq');
    const broker = await startBrokerProcess('hivemq', async (folder, port) => {
      for (const name of ['conf', 'data', 'extensions', 'log']) await mkdir(join(folder, name));
      await writeFile(join(folder, 'conf/config.xml'), config(port));
      const program = join(SOURCES, 'hivemq/HiveMq.java');
      const args = ['-Xmx512m', `-Dhivemq.log.folder=${folder}/log`, '-cp', `${jars}/*`, program, folder];
      return { command: 'java', args };
    });
    return { ...broker, version: versionInPom('hivemq', 'hivemq-community-edition-embedded') };
  },
};
