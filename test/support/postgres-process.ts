import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { within } from './deadline.js';
import { endProcess } from './end-process.js';
import { executable } from './find-executable.js';
import { freePort } from './free-port.js';

/** PostgreSQL does not run as root: whom it runs as then. */
const USER = 'postgres';
/** A machine that has other things to do takes its time. */
const START_MS = 60_000;

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** A PostgreSQL of its own, on a free port, with its files in a folder of its own. */
export class PostgresProcess {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly identity: Identity,
    readonly port: number,
  ) {}

  /** @throws Error with PostgreSQL's own words when it does not start */
  static async launch(): Promise<PostgresProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
    const identity = identityOf();
    if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid!);
    const postgres = new PostgresProcess(folder, identity, await freePort());
    try {
      const args = ['-D', postgres.data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
      await promisify(execFile)(executable('initdb'), args, { ...identity, cwd: folder });
      await postgres.start();
      return postgres;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it, or starts it again at the same port. */
  async start(): Promise<void> {
    const sockets = join(this.folder, 'sockets');
    mkdirSync(sockets, { recursive: true });
    if (this.identity.uid !== undefined) chownSync(sockets, this.identity.uid, this.identity.gid!);
    const settings = ['-k', sockets, '-h', '127.0.0.1', '-p', String(this.port), '-c', 'max_connections=100'];
    const child = spawn(executable('postgres'), ['-D', this.data, ...settings], {
      ...this.identity,
      cwd: this.folder,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    let log = '';
    const running = new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes('database system is ready to accept connections')) resolve();
      });
      child.on('exit', () => reject(new Error(`PostgreSQL has ended: ${log}`)));
      child.on('error', reject);
    });
    await within(running, 'PostgreSQL to start', START_MS);
  }

  /** Ends all connections, and starts again. */
  async restart(): Promise<void> {
    await this.end('SIGINT');
    await this.start();
  }

  /** Ends it and removes its files. */
  async close(): Promise<void> {
    await this.end('SIGINT');
    await rm(this.folder, { recursive: true, force: true });
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endProcess(child, signal, 'PostgreSQL', START_MS);
  }
}

function identityOf(): Identity {
  if (process.getuid?.() !== 0) return {};
  return { uid: idOfUser('-u'), gid: idOfUser('-g') };
}

function idOfUser(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }));
}
