import type { AedesParameters } from '../players/aedes.js';
import type { Broker, BrokerSettings } from './broker.js';
import { PlayerProcess } from './player-process.js';

/** Starts aedes, in a process of its own. */
export async function startAedes({ noDelay = true }: BrokerSettings): Promise<Broker> {
  const aedes = await PlayerProcess.start('aedes', { noDelay } satisfies AedesParameters);
  const port = await aedes.ask<number>('port');
  return { url: `mqtt://127.0.0.1:${port}`, close: () => aedes.end() };
}
