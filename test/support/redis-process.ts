import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from './deadline.js';
import { endProcess } from './end-process.js';
import { executable } from './find-executable.js';
import { freePort } from './free-port.js';

/** A Redis of its own, on a free port, with its files in a folder of its own. What it knows survives a restart in order. */
export class RedisProcess {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly config: readonly string[],
  ) {}

  /** @param config further settings, for example `['--maxmemory', '3mb']` */
  static async launch(config: readonly string[] = []): Promise<RedisProcess> {
    const redis = new RedisProcess(await mkdtemp(join(tmpdir(), 'redis-')), await freePort(), config);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again at the same port. */
  async start(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    const child = spawn(executable('redis-server'), [...settings, '--appendonly', 'yes', ...this.config], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child = child;
    let log = '';
    const running = new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes('Ready to accept connections')) resolve();
      });
      child.on('exit', () => reject(new Error(`Redis has ended: ${log}`)));
      child.on('error', reject);
    });
    await within(running, 'Redis to start');
  }

  /** Goes down as by a crash. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.end('SIGTERM');
    await this.start();
  }

  /** It answers nobody any more, and closes nothing, until {@link resume}. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it and removes its files. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endProcess(child, signal, 'Redis');
  }
}
