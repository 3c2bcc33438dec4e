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
    const kill = (): void => void broker.kill();
    process.once('exit', kill);
    const close = async (): Promise<void> => {
      process.off('exit', kill);
      await broker.close();
    };
    return { url: broker.url, version: versionOf(executable('mosquitto')), close };
  },
};

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['-h'], { encoding: 'utf8' }); // its exit code says nothing
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}
