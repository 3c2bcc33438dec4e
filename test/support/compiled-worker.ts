import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stop, type Plugin } from 'esbuild';
import { bundleWorker } from './bundle-worker.js';
import { closeAfterTest } from './closing.js';
import { Journal } from './journal.js';
import { WorkerProcess } from './worker-process.js';

const { NEST_MAJOR } = globalThis as { NEST_MAJOR?: number };

/** Takes Nest from where the present jest project has it. */
const NEST_11: Plugin = {
  name: 'nest-11',
  setup({ onResolve, resolve }) {
    const resolveDir = fileURLToPath(new URL('../compat/nest11', import.meta.url));
    onResolve({ filter: /^@nestjs\// }, ({ path, kind, pluginData }) =>
      pluginData === NEST_11 ? undefined : resolve(path, { kind, resolveDir, pluginData: NEST_11 }),
    );
  },
};

/**
 * A worker, Nest and all, as one file of JavaScript, on the Nest major of the present jest project: it starts fast, so that suites can
 * start hundreds. Types of constructor parameters are not known in it: say what to inject with `@Inject()`.
 *
 * @example
 * ```ts
 * program = await CompiledWorker.compile(new URL('./workers/member.ts', import.meta.url)); // in beforeAll
 * const member = await program.start<Report>({ connection: broker.connection });
 * await member.reports.atLeast(3);
 * await member.kill();
 * ```
 */
export class CompiledWorker {
  private constructor(
    private readonly folder: string,
    private readonly script: string,
  ) {}

  /** @param file the worker, by `new URL('./workers/name.ts', import.meta.url)` */
  static async compile(file: URL): Promise<CompiledWorker> {
    const folder = await mkdtemp(join(tmpdir(), 'worker-'));
    const script = join(folder, 'worker.mjs');
    await bundleWorker(file, script, NEST_MAJOR === 11 ? [NEST_11] : []);
    await stop(); // its service would keep jest from ending
    return new CompiledWorker(folder, script);
  }

  /**
   * Runs it, and waits until it serves. Killed after the test.
   *
   * @param parameters what `workerParameters()` gives there; anything that JSON can hold
   * @param reports where what it tells is written down; workers may share one
   * @param nodeOptions for example `--expose-gc`
   */
  async start<Report>(
    parameters: unknown,
    reports = new Journal<Report>(),
    nodeOptions: readonly string[] = [],
  ): Promise<WorkerProcess<Report>> {
    const worker = this.spawn(parameters, reports, nodeOptions);
    closeAfterTest(() => worker.kill());
    await worker.ready();
    return worker;
  }

  /** The same for several tests, from a `beforeAll`: who launches a worker kills it in `afterAll`. */
  async launch<Report>(parameters: unknown, reports = new Journal<Report>()): Promise<WorkerProcess<Report>> {
    const worker = this.spawn(parameters, reports);
    await worker.ready();
    return worker;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private spawn<Report>(
    parameters: unknown,
    reports: Journal<Report>,
    nodeOptions: readonly string[] = [],
  ): WorkerProcess<Report> {
    const child = spawn(process.execPath, [...nodeOptions, this.script], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, WORKER_PARAMETERS: JSON.stringify(parameters) },
    });
    return new WorkerProcess<Report>(child, reports);
  }
}
