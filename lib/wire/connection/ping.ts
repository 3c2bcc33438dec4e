import type { Connection } from './connection.js';

/**
 * Sends a PINGREQ (section 3.12). The broker answers after it has received everything that was sent before.
 *
 * @returns false when there is no connection, or no answer in time
 */
export function ping(connection: Connection, timeoutMs: number): Promise<boolean> {
  const answered = connection.sendPing();
  if (!answered) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (alive: boolean): void => {
      clearTimeout(timer);
      connection.off('control', onControl);
      connection.off('lost', onLost);
      connection.off('closed', onLost);
      resolve(alive);
    };
    const onControl = (): void => {
      if (answered()) settle(true);
    };
    const onLost = (): void => settle(false);
    const timer = setTimeout(() => settle(false), timeoutMs);
    connection.on('control', onControl);
    connection.on('lost', onLost);
    connection.on('closed', onLost); // close() does not emit 'lost'
  });
}
