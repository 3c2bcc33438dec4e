import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random.js';
import { Journal } from '../support/journal.js';
import { WorkerProcess } from '../support/worker-process.js';
import type { WorkerParameters } from './worker.js';

/** From when it serves; some are killed before that, while they connect and the session is resumed. */
const LIFE_MS = 400;
const CONNECTING_MS = 150;
const EARLY_KILLS = 0.2;
/** A machine that has other things to do takes its time. */
const START_MS = 60_000;

/** One place in the group: its process is killed over and over, and the next one resumes its session. */
export class Member {
  readonly problems: string[] = [];
  /** What its processes have printed, one line of each kind. */
  readonly printed = new Set<string>();
  private next: WorkerProcess<string>;
  private current: WorkerProcess<string> | undefined;

  constructor(
    private readonly script: string,
    private readonly parameters: WorkerParameters,
    private readonly random: Random,
  ) {
    this.next = this.spawn();
  }

  /** The next process begins to serve. */
  async start(): Promise<void> {
    await this.next.reports.atLeast(1, START_MS); // it has been loaded
    this.current = this.next;
    this.next = this.spawn();
    this.current.send('serve');
  }

  ready(): Promise<void> {
    return this.current!.ready();
  }

  /** Killed and replaced, over and over. The last one lives. */
  async die(times: number, onKill: () => void): Promise<void> {
    for (let kill = 0; kill < times; kill++) {
      if (this.random.next() < EARLY_KILLS) await sleep(this.random.next() * CONNECTING_MS);
      else {
        await this.ready();
        await sleep(this.random.next() * LIFE_MS);
      }
      if (!this.current!.running) this.problems.push('a process has ended by itself');
      await this.current!.kill();
      this.note();
      onKill();
      await this.start();
    }
    await this.ready();
  }

  async stop(): Promise<void> {
    await Promise.all([this.current?.stop(), this.next.kill()]);
    this.note();
  }

  private note(): void {
    for (const line of this.current!.printed.split('\n'))
      if (line.trim() !== '') this.printed.add(line.replaceAll(/\d+/g, 'N'));
  }

  private spawn(): WorkerProcess<string> {
    const child = spawn(process.execPath, [this.script], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, WORKER_PARAMETERS: JSON.stringify(this.parameters), NO_COLOR: '1' },
    });
    return new WorkerProcess<string>(child, new Journal());
  }
}
