import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DEADLINE_MS, within } from './deadline.js';
import type { Journal } from './journal.js';

/** What a worker says when it serves, see worker-main.ts. */
const READY = 'ready';

/** A process that runs a small Nest application, so that it can be killed like one: started by `CompiledWorker`. */
export class WorkerProcess<Report> {
  private readonly exited: Promise<unknown>;
  private readonly serving: Promise<void>;
  private output = '';

  constructor(
    private readonly child: ChildProcess,
    /** What the worker has told, in order. */
    readonly reports: Journal<Report>,
  ) {
    this.exited = once(child, 'exit');
    this.serving = new Promise((resolve, reject) => {
      child.on('message', (message) => {
        if (message === READY) resolve();
        else reports.add(message as Report); // of a resumed session even before
      });
      child.once('exit', () => reject(new Error(`The worker has ended: ${this.output}`)));
    });
    this.serving.catch(() => {}); // who waits for it is told
    const collect = (chunk: Buffer): void => void (this.output += chunk.toString());
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Whether it has not ended. */
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** How it has ended. */
  get end(): { readonly code: number | null; readonly signal: NodeJS.Signals | null } {
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  /** What it has printed. */
  get printed(): string {
    return this.output;
  }

  /** Tells the worker something. */
  send(message: string): void {
    this.child.send(message);
  }

  /** Resolves when the worker serves. Rejects, with what it printed, when it ends before. */
  async ready(): Promise<void> {
    await within(this.serving, 'the worker to be ready', 2 * DEADLINE_MS);
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    await within(this.exited, 'the worker to end by itself');
  }

  /** Closes the application in order. */
  async stop(): Promise<void> {
    await this.kill('SIGTERM');
  }

  /** `kill -9`, or another signal. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.running) this.child.kill(signal);
    await within(this.exited, `the worker to end after ${signal}`);
  }
}
