import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../../test/support/free-port.js';
import { WINDOW, type Broker, type BrokerSettings } from './broker.js';

/** Debian puts mosquitto where a user's PATH does not look. */
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter);

/** Starts Mosquitto; it does not drop what queues up. */
export async function startMosquitto({ noDelay = true }: BrokerSettings): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-mosquitto-'));
  const port = await freePort();
  const config = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    `set_tcp_nodelay ${noDelay}`,
    'max_queued_messages 0',
    `max_inflight_messages ${WINDOW}`,
    'log_dest stderr',
    'log_type information', // says when it runs
    'log_type error',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  const file = join(folder, 'mosquitto.conf');
  await writeFile(file, `${config.join('\n')}\n`);
  const mosquitto = spawn('mosquitto', ['-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH },
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    mosquitto.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes(' running')) resolve();
    });
    mosquitto.on('error', reject);
    mosquitto.on('exit', () => reject(new Error(`Mosquitto has ended: ${log}`)));
  });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    close: async () => {
      const exited = once(mosquitto, 'exit');
      mosquitto.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
