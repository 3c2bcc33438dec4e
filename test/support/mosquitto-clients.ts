import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DEADLINE_MS } from './deadline.js';
import { executable } from './executables.js';

/**
 * Runs one of the command line clients against a broker, to its end.
 *
 * @returns what it printed
 */
export async function runMosquittoClient(
  program: 'mosquitto_pub' | 'mosquitto_rr' | 'mosquitto_sub',
  url: string,
  args: readonly string[],
): Promise<string> {
  const { hostname, port } = new URL(url);
  const all = ['-h', hostname, '-p', port || '1883', ...args];
  const { stdout } = await promisify(execFile)(executable(program), all, { timeout: DEADLINE_MS });
  return stdout;
}
