import { spawnSync } from 'node:child_process';
import { executable, findExecutable, PACKAGES } from '../../support/find-executable.js';
import { MosquittoProcess } from '../../support/mosquitto-process.js';
import type { BrokerKind } from './broker-kind.js';

export const mosquitto: BrokerKind = {
  name: 'mosquitto',
  title: 'Mosquitto',
  missing: () => (findExecutable('mosquitto') ? undefined : PACKAGES),
  async launch() {
    const broker = await MosquittoProcess.launch();
    return { url: broker.url, version: versionOf(executable('mosquitto')), close: () => broker.close() };
  },
};

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['-h'], { encoding: 'utf8' }); // its exit code says nothing
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}
