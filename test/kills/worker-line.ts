import { spawn } from 'node:child_process';
import { bundleWorker } from '../support/bundle-worker.js';
import { Journal } from '../support/journal.js';
import { WorkerProcess } from '../support/worker-process.js';
import { unexpectedIn } from './log-watch.js';
import type { WorkerParameters } from './worker.js';

/** Processes that have been started and wait for their turn, so that a worker that was killed is replaced at once. */
const WAITING = 2;

/** Worker processes that serve one session, one after another. */
export class WorkerLine {
  private readonly waiting: WorkerProcess<string>[] = [];
  private current: WorkerProcess<string> | undefined;
  private lives = 0;

  private constructor(
    private readonly script: string,
    private readonly parameters: Omit<WorkerParameters, 'life'>,
  ) {
    this.fill();
  }

  /** @param folder for the compiled worker */
  static async open(source: URL, folder: string, parameters: Omit<WorkerParameters, 'life'>): Promise<WorkerLine> {
    const script = `${folder}/worker.mjs`;
    await bundleWorker(source, script);
    return new WorkerLine(script, parameters);
  }

  /** The next one begins to serve. */
  async next(): Promise<WorkerProcess<string>> {
    const worker = this.waiting.shift()!;
    this.fill();
    await worker.reports.atLeast(1); // it has been loaded
    this.current = worker;
    worker.send('serve');
    return worker;
  }

  /** `kill -9`. @returns what should not have been: that it had ended by itself, and what it had to say */
  async kill(): Promise<string[]> {
    const worker = this.current!;
    const ended = worker.running ? [] : ['a worker has ended by itself'];
    await worker.kill();
    return [...ended, ...unexpectedIn(worker.printed)];
  }

  /** Ends all of them; the one that serves, in order. @returns what it had to say */
  async close(): Promise<string[]> {
    await Promise.all([this.current!.stop(), ...this.waiting.map((worker) => worker.kill())]);
    return unexpectedIn(this.current!.printed);
  }

  private fill(): void {
    while (this.waiting.length < WAITING) this.waiting.push(this.spawn());
  }

  private spawn(): WorkerProcess<string> {
    const parameters: WorkerParameters = { ...this.parameters, life: ++this.lives };
    const child = spawn(process.execPath, [this.script], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, WORKER_PARAMETERS: JSON.stringify(parameters) },
    });
    return new WorkerProcess<string>(child, new Journal());
  }
}
