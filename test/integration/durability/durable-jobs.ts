import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { closeAfterTest } from '../../support/closing.js';
import type { CompiledWorker } from '../../support/compiled-worker.js';
import { durable } from '../../support/durable-session.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import type { TestConnection } from '../../support/test-broker.js';
import type { WorkerProcess } from '../../support/worker-process.js';
import type { EffectWorkerParameters, StartedJob } from './workers/effect-worker.js';

/** Mosquitto drops QoS 2 messages of a publisher with more than 20 in flight. */
const AT_ONCE = 10;

/** One durable session, the jobs that are published for it, and the worker processes that serve it one after another. */
export class DurableJobs {
  readonly published: string[] = [];
  private readonly workers: WorkerProcess<StartedJob>[] = [];

  private constructor(
    private readonly program: CompiledWorker,
    private readonly parameters: EffectWorkerParameters,
    private readonly publisher: MqttClient,
  ) {}

  static async open(
    program: CompiledWorker,
    connection: TestConnection,
    { qos, longestMs }: Pick<EffectWorkerParameters, 'qos' | 'longestMs'>,
  ): Promise<DurableJobs> {
    const folder = await mkdtemp(join(tmpdir(), 'effects-'));
    closeAfterTest(() => rm(folder, { recursive: true, force: true }));
    const session = durable(connection);
    const jobs = `jobs/${session.clientId}`;
    const parameters = { connection: session, jobs, qos, longestMs, effects: join(folder, 'effects') };
    return new DurableJobs(program, parameters, await connectMqttJs(connection));
  }

  /** Handlers that have started, as far as their workers lived to tell. */
  get started(): number {
    return this.workers.reduce((sum, { reports }) => sum + reports.size, 0);
  }

  /** Topics of the jobs that were published. */
  get topics(): string[] {
    return this.published.map((name) => this.topicOf(name));
  }

  /** Names of jobs, one for each effect, in order. */
  effects(): string[] {
    const { effects } = this.parameters;
    return existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Resolves when the broker has taken them. */
  async publish(count: number): Promise<void> {
    const { qos } = this.parameters;
    const names = Array.from({ length: count }, (_, i) => String(this.published.length + i));
    this.published.push(...names);
    for (let next = names.splice(0, AT_ONCE); next.length > 0; next = names.splice(0, AT_ONCE)) {
      await Promise.all(next.map((name) => this.publisher.publishAsync(this.topicOf(name), name, { qos })));
    }
  }

  /** The next worker process of the session. */
  async startWorker(): Promise<WorkerProcess<StartedJob>> {
    const worker = await this.program.start<StartedJob>(this.parameters);
    this.workers.push(worker);
    return worker;
  }

  private topicOf(name: string): string {
    return `${this.parameters.jobs}/${name}`;
  }
}
