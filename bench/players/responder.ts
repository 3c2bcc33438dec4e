// Answers requests with what they carry, after as much work as it is told.
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import type { ConnectOptions, Reading } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';

export interface ResponderParameters extends ConnectOptions {
  readonly contestant: ContestantName;
  readonly group?: string;
  /** CPU time that a request takes. Default 0. */
  readonly busyMs?: number;
}

/** Between two looks at the CPU time, which are system calls. */
const SPIN_MS = 0.1;

const { contestant, busyMs = 0, ...options } = playerParameters<ResponderParameters>();

/** Requests so far. */
let taken = 0;

function answer(request: Reading): Reading {
  taken++;
  if (busyMs > 0) burn(busyMs);
  return request;
}

/** CPU time, not time: a process that waits for a core does not get ahead. */
function burn(milliseconds: number): void {
  const start = process.cpuUsage();
  for (let used = 0; used < milliseconds * 1_000; used = cpuMicroseconds(start)) spin(SPIN_MS);
}

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

function cpuMicroseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

const mqtt = await CONTESTANTS[contestant].load();
await mqtt.respond({ ...options, answer });
play({ taken: () => taken });
