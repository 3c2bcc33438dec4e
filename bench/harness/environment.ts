import { once, type EventEmitter } from 'node:events';
import { cpus } from 'node:os';
import { connectAsync } from 'mqtt';
import type { StartBroker } from './broker.js';

/** Where and when something was measured. */
export interface Environment {
  /** Day, such as 2027-01-31. */
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  /** Name and version. */
  readonly broker: string;
}

/** Where Mosquitto says which version it is. */
export const VERSION_TOPIC = '$SYS/broker/version';
const PATIENCE_MS = 5_000;

export async function environment(startBroker: StartBroker): Promise<Environment> {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cpu: `${processors.length} × ${processors[0]?.model}`,
    broker: await versionOf(startBroker),
  };
}

/** What the broker says of itself. */
async function versionOf(startBroker: StartBroker): Promise<string> {
  const broker = await startBroker({});
  const client = await connectAsync(broker.url);
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const message = once(client as unknown as EventEmitter, 'message', { signal });
    await client.subscribeAsync(VERSION_TOPIC);
    const [, version] = (await message) as [string, Buffer];
    return version.toString().replace(' version', '');
  } finally {
    await client.endAsync();
    await broker.close();
  }
}
