import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from './deadline.js';
import { endProcess } from './end-process.js';
import { executable } from './find-executable.js';
import { freePort } from './free-port.js';

export interface MosquittoOptions {
  /** Whether sessions and retained messages are on disk, from each change on, and so survive `kill()`. Default false. */
  persistence?: boolean;
  /** Default true. */
  allowAnonymous?: boolean;
  /** Further lines of the configuration, for example `max_inflight_messages 5`. */
  config?: readonly string[];
}

const ATTEMPTS = 5;

/** A Mosquitto of its own, on a free port, with its files in a folder of its own. */
export class MosquittoProcess {
  private child: ChildProcess | undefined;
  private log = '';

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** @throws Error with Mosquitto's own words when it does not start */
  static async launch(options: MosquittoOptions = {}): Promise<MosquittoProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'));
    for (let attempt = 1; ; attempt++) {
      const mosquitto = new MosquittoProcess(folder, await freePort());
      try {
        await mosquitto.configure(options);
        await mosquitto.start();
        return mosquitto;
      } catch (error) {
        const portTaken = mosquitto.log.includes('Address already in use'); // by somebody else, since it was found free
        if (portTaken && attempt < ATTEMPTS) continue;
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
    }
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again at the same port. */
  async start(): Promise<void> {
    this.log = '';
    const child = spawn(executable('mosquitto'), ['-c', join(this.folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    const running = new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        this.log += chunk.toString();
        if (this.log.includes(' running')) resolve();
      });
      child.on('exit', () => reject(new Error(`Mosquitto has ended: ${this.log}`)));
      child.on('error', reject);
    });
    await within(running, 'Mosquitto to start');
  }

  /** Goes down in order. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Goes down as by a crash. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async restart({ signal = 'SIGTERM' }: { signal?: 'SIGTERM' | 'SIGKILL' } = {}): Promise<void> {
    await this.end(signal);
    await this.start();
  }

  /** Ends it and removes its files. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endProcess(child, signal, 'Mosquitto');
  }

  private async configure({
    persistence = false,
    allowAnonymous = true,
    config = [],
  }: MosquittoOptions): Promise<void> {
    const lines = [
      `listener ${this.port} 127.0.0.1`,
      `allow_anonymous ${allowAnonymous}`,
      'max_queued_messages 0', // no limit: the tests are not about losing messages
      'set_tcp_nodelay true',
      'log_dest stderr',
      'log_type all',
      ...(process.getuid?.() === 0 ? ['user root'] : []), // else it would become somebody who may not write here
      ...(persistence ? ['persistence true', `persistence_location ${this.folder}/`] : []),
      ...(persistence ? ['autosave_on_changes true', 'autosave_interval 1'] : []),
      ...config,
    ];
    await writeFile(join(this.folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  }
}
