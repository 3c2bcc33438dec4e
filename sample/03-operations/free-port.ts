import { createServer } from 'node:net';

/** `preferred` when nothing listens there on this machine, else 0: a port of the operating system's choice. */
export function freePort(preferred: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(preferred, '127.0.0.1', () => probe.close(() => resolve(preferred)));
  });
}
