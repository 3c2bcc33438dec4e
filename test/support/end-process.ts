import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DEADLINE_MS, within } from './deadline.js';

/** Ends a program, unless it has ended, and waits for that. */
export async function endProcess(
  child: ChildProcess | undefined,
  signal: NodeJS.Signals,
  name: string,
  timeoutMs = DEADLINE_MS,
): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await within(exited, `${name} to end`, timeoutMs);
}
