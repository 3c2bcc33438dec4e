import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { closeAfterTest } from './closing.js';
import { DEADLINE_MS, within } from './deadline.js';
import { Journal } from './journal.js';

const LOADER = new URL('./typescript-loader.mjs', import.meta.url).href;
const { NEST_MAJOR } = globalThis as { NEST_MAJOR?: number };

/** What a worker says when it serves, see worker-main.ts. */
export const READY = 'ready';

/** A process that runs a small Nest application, so that it can be killed like one. */
export class WorkerProcess<Report> {
  private readonly exited: Promise<unknown>;
  private output = '';

  constructor(
    private readonly child: ChildProcess,
    /** What the worker has told, in order. */
    readonly reports: Journal<Report>,
  ) {
    this.exited = once(child, 'exit');
    const collect = (chunk: Buffer): void => void (this.output += chunk.toString());
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resolves when the worker serves. Rejects, with what it printed, when it ends before. */
  async ready(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.child.on('message', (message) => {
        if (message === READY) resolve();
        else this.reports.add(message as Report); // of a resumed session even before
      });
      this.child.once('exit', () => reject(new Error(`The worker has ended: ${this.output}`)));
    });
    await within(ready, 'the worker to be ready', 2 * DEADLINE_MS);
  }

  /** Closes the application in order. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    await within(this.exited, `the worker to end after ${signal}`);
  }
}

/**
 * Runs a TypeScript file in a process of its own, on the Nest major of the present jest project, and waits until it serves.
 * Killed after the test.
 *
 * @param file the worker, by `new URL('./workers/name.ts', import.meta.url)`
 * @param parameters what `workerParameters()` gives there; anything that JSON can hold
 * @param reports where what it tells is written down; workers may share one
 */
export async function startWorker<Report>(
  file: URL,
  parameters: unknown,
  reports = new Journal<Report>(),
): Promise<WorkerProcess<Report>> {
  const worker = launch(file, parameters, reports);
  closeAfterTest(() => worker.kill());
  await worker.ready();
  return worker;
}

/** The same for several tests, from a `beforeAll`: who launches a worker kills it in `afterAll`. */
export async function launchWorker<Report>(
  file: URL,
  parameters: unknown,
  reports = new Journal<Report>(),
): Promise<WorkerProcess<Report>> {
  const worker = launch(file, parameters, reports);
  await worker.ready();
  return worker;
}

function launch<Report>(file: URL, parameters: unknown, reports: Journal<Report>): WorkerProcess<Report> {
  const child = spawn(process.execPath, ['--import', LOADER, fileURLToPath(file)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NEST_MAJOR: String(NEST_MAJOR), WORKER_PARAMETERS: JSON.stringify(parameters) },
  });
  return new WorkerProcess<Report>(child, reports);
}
