import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Journal } from '../support/journal.js';
import { WorkerProcess } from '../support/worker-process.js';
import type { ChaosWorkerParameters } from './worker.js';

const SCRIPT = fileURLToPath(new URL('./worker.mjs', import.meta.url)); // beside this one, once start.mjs has compiled both

/** One server: a process that is killed and started again, with one session. */
export class ChaosServer {
  private process: WorkerProcess<unknown> | undefined;
  private busy: Promise<void> = Promise.resolve();

  constructor(private readonly parameters: ChaosWorkerParameters) {}

  get clientId(): string {
    return this.parameters.connection.clientId!;
  }

  start(): Promise<void> {
    return this.next(() => this.spawn());
  }

  /** `kill -9`, and a new process. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.process?.kill();
      await this.spawn();
    });
  }

  /** SIGTERM. */
  stop(): Promise<void> {
    return this.next(async () => this.process?.stop());
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.busy = this.busy.then(step);
    return this.busy;
  }

  private async spawn(): Promise<void> {
    const child = spawn(process.execPath, [SCRIPT], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, WORKER_PARAMETERS: JSON.stringify(this.parameters) },
    });
    this.process = new WorkerProcess(child, new Journal());
    await this.process.ready();
  }
}
