import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

export interface Database {
  readonly url: string;
  close(): Promise<void>;
}

/** On Debian the programs are not in PATH. */
const DEBIAN = '/usr/lib/postgresql';
const NONE = `This sample needs a PostgreSQL. One of:
  apt-get install postgresql      it starts one of its own, in a temporary folder
  DATABASE_URL=postgres://user:password@host/database npm run sample:outbox
  docker run -p 5432:5432 -e POSTGRES_PASSWORD=sample postgres, and DATABASE_URL=postgres://postgres:sample@localhost/postgres`;

/**
 * The database at `url`; without one, starts a PostgreSQL in a temporary folder.
 *
 * @throws Error that says what to install when there is none
 */
export async function startPostgres(url: string | undefined): Promise<Database> {
  if (url) return { url, close: async () => {} };
  const bin = findPrograms();
  if (bin === undefined) throw new Error(NONE);
  const folder = await mkdtemp(join(tmpdir(), 'outbox-'));
  const port = await freePort();
  const identity = await unprivileged(folder);
  const data = join(folder, 'data');
  await promisify(execFile)(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    ...identity,
    cwd: folder,
  });
  const args = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port)];
  const server = spawn(join(bin, 'postgres'), args, { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(server, 'exit');
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL has ended: ${log}`)));
  });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    close: async () => {
      server.kill('SIGINT');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

function findPrograms(): string | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((major) => join(DEBIAN, major, 'bin')) : [];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...debian.toReversed()];
  return folders.find((each) => ['initdb', 'postgres'].every((program) => existsSync(join(each, program))));
}

/** PostgreSQL refuses to run as root; it then runs as the user `postgres` of its package. */
async function unprivileged(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const { uid, gid } = await stat('/var/lib/postgresql');
  await chown(folder, uid, gid);
  return { uid, gid };
}
