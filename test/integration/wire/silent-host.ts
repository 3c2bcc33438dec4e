import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { closeAfterTest } from '../../support/closing.js';
import { Journal } from '../../support/journal.js';

/** A host that accepts TCP and says nothing. Closed after the test. */
export interface SilentHost {
  readonly url: string;
  /** When it was connected to, and what came then. */
  readonly arrivals: Journal<Buffer>;
}

export async function startSilentHost(): Promise<SilentHost> {
  const arrivals = new Journal<Buffer>();
  const server = createServer((socket) => {
    closeAfterTest(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', arrivals.add);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAfterTest(() => server.close());
  return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, arrivals };
}
