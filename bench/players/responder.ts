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

const { contestant, busyMs = 0, ...options } = playerParameters<ResponderParameters>();

function answer(request: Reading): Reading {
  if (busyMs > 0) burn(busyMs);
  return request;
}

function burn(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const mqtt = await CONTESTANTS[contestant].load();
await mqtt.respond({ ...options, answer });
play({});
