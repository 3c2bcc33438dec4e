import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { TopicParam } from '../../../../lib/index.js';
import type { DurableConnection } from '../../../support/durable-session.js';
import { report, serve, workerParameters } from '../../../support/worker-main.js';

export interface EffectWorkerParameters {
  readonly connection: DurableConnection;
  /** Topics of its jobs are `<jobs>/<name>`. */
  readonly jobs: string;
  readonly qos: 1 | 2;
  /** Gets a line with the job's name for each effect. */
  readonly effects: string;
  /** The longest that a handler takes, before its effect and again behind it. */
  readonly longestMs: number;
}

/** Reported when a handler starts. */
export type StartedJob = string;

const { connection, jobs, qos, effects, longestMs } = workerParameters<EffectWorkerParameters>();

@Controller()
class Jobs {
  @EventPattern<string>(`${jobs}/{name}`, { qos, maxWorkers: 4 })
  async run(@TopicParam('name') name: string): Promise<void> {
    report(name satisfies StartedJob);
    await sleep(Math.random() * longestMs);
    appendFileSync(effects, `${name}\n`); // there for good when the call returns, whatever becomes of this process
    await sleep(Math.random() * longestMs);
  }
}

void serve(connection, { controllers: [Jobs] });
