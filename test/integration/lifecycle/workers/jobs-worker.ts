import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ServerMqtt } from '../../../../lib/index.js';
import type { DurableConnection } from '../../../support/durable-session.js';
import { report, workerParameters } from '../../../support/worker-main.js';

export interface JobsWorkerParameters {
  readonly connection: DurableConnection & { keepalive?: number };
}

/** Reported at the start of a job, and at its end. */
export interface JobReport {
  readonly job: number;
  readonly state: 'started' | 'ended';
}

const { connection } = workerParameters<JobsWorkerParameters>();

@Controller()
class Jobs {
  @EventPattern<string>('jobs', { qos: 1, maxWorkers: 8 })
  async run(@Payload() job: number): Promise<void> {
    report({ job, state: 'started' } satisfies JobReport);
    await sleep(5);
    report({ job, state: 'ended' } satisfies JobReport);
  }

  /** Keeps the event loop busy for so many milliseconds. */
  @EventPattern<string>('stall', { qos: 1 })
  stall(@Payload() milliseconds: number): void {
    for (const end = Date.now() + milliseconds; Date.now() < end;);
  }
}

@Module({ controllers: [Jobs] })
class JobsModule {}

/** As an application does it: Nest itself listens to the signals. */
async function main(): Promise<void> {
  const app = await NestFactory.createMicroservice(JobsModule, {
    strategy: new ServerMqtt(connection),
    logger: ['warn', 'error', 'fatal'],
  });
  app.enableShutdownHooks();
  process.on('disconnect', () => process.exit());
  await app.listen();
  report('ready');
}

void main();
