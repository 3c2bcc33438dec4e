import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Nobody, and no delay of TCP, is silent that long in the middle of something. */
const SILENCE_MS = 200;
/** How exact it is. */
const STEP_MS = 2;

const sockets: Socket[] = [];
subscribe('net.client.socket', (message) => sockets.push((message as { socket: Socket }).socket));

/**
 * Resolves when nothing goes through the sockets of this process any more, with what was measured when something last did. Whatever
 * speaks MQTT here is not disturbed.
 */
export async function untilSilence<T>(measure: () => T): Promise<T> {
  let measured = measure();
  let before = traffic();
  for (let quietSince = performance.now(); performance.now() - quietSince < SILENCE_MS;) {
    await delay(STEP_MS);
    const now = traffic();
    if (now === before) continue;
    before = now;
    measured = measure();
    quietSince = performance.now();
  }
  return measured;
}

function traffic(): number {
  return sockets.reduce((sum, socket) => sum + socket.bytesRead + socket.bytesWritten, 0);
}
