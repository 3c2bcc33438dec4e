import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs a program to its end.
 *
 * @returns what it printed
 * @throws Error with what it printed, when it fails
 */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { maxBuffer: MOST_OUTPUT, ...options });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args[0] ?? ''} failed: ${stderr || stdout || String(error)}`, { cause: error });
  }
}
