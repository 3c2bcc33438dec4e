// Is the broker: aedes, in memory.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import { VERSION_TOPIC } from '../harness/environment.js';
import { play, playerParameters } from '../harness/player.js';

export interface AedesParameters {
  readonly noDelay: boolean;
}

const { noDelay } = playerParameters<AedesParameters>();
const aedes = await Aedes.createBroker();
const server = createServer({ noDelay }, aedes.handle);
server.listen(0, '127.0.0.1');
await once(server, 'listening');

// it does not say by itself which version it is
const { version } = aedes as Aedes & { readonly version: string };
const packet = { cmd: 'publish', topic: VERSION_TOPIC, payload: `aedes ${version}`, qos: 0, dup: false } as const;
await new Promise<void>((resolve, reject) =>
  aedes.publish({ ...packet, retain: true }, (error) => (error ? reject(error) : resolve())),
);

play({ port: () => (server.address() as AddressInfo).port });
