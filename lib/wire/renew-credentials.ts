import type { MqttClient } from 'mqtt';
import type { ResolvedConnectionOptions } from '../options/connection-options.js';

/**
 * Has the application give the credentials of the next connection, where it wants to be asked.
 *
 * @throws Error when it does not answer in time, and whatever it throws
 */
export async function renewCredentials(
  client: MqttClient,
  { credentials }: ResolvedConnectionOptions,
  timeoutMs: number,
): Promise<void> {
  if (!credentials) return;
  const { username, password } = await inTime(Promise.resolve(credentials()), timeoutMs);
  Object.assign(client.options, { username, password });
}

async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`credentials() did not settle within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
