import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { freePort } from '../../support/free-port.js';
import { within } from '../../support/deadline.js';

interface BrokerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const START_MS = 30_000;
const TRY_MS = 1_000;
const PAUSE_MS = 50;
const LOG_KEPT = 4_000;

/**
 * Starts a program that is a broker, in a folder of its own, and waits until it accepts MQTT.
 *
 * @param configure writes what it needs into the folder, and says how it is started
 * @throws Error with the end of its output when it does not start
 */
export async function startBrokerProcess(
  name: string,
  configure: (folder: string, port: number) => Promise<BrokerCommand> | BrokerCommand,
): Promise<{ url: string; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const port = await freePort();
  const url = `mqtt://127.0.0.1:${port}`;
  const { command, args, env } = await configure(folder, port);
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => (log = `${log}${chunk.toString()}`.slice(-LOG_KEPT)));
  child.on('error', (error) => (log += String(error)));
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill); // nothing outlives the run, whatever ends it
  const close = async (): Promise<void> => {
    process.off('exit', kill);
    await end(child, name);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await accepting(url, child);
  } catch (error) {
    await close();
    throw new Error(`${name} does not start: ${(error as Error).message}\n${log}`, { cause: error });
  }
  return { url, close };
}

async function accepting(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: TRY_MS }, false);
      await client.endAsync();
      return;
    } catch (error) {
      if (ended(child)) throw new Error(`it has ended (${child.exitCode ?? child.signalCode})`, { cause: error });
      if (Date.now() > deadline) throw new Error(`it accepts no MQTT within ${START_MS} ms`, { cause: error });
      await sleep(PAUSE_MS);
    }
  }
}

/** It has nothing to lose: no need to wait until it has tidied up. */
async function end(child: ChildProcess, name: string): Promise<void> {
  if (ended(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await within(exited, `${name} to end`);
}

function ended({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}
