import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { eventually } from '../../support/deadline.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Random } from '../../support/random.js';
import { DurableJobs } from './durable-jobs.js';
import {
  acknowledgedTopics,
  observedInProcessBroker,
  observedMosquitto,
  sentAfterAcknowledgement,
} from './observed-broker.js';

const { seed } = Random.fromEnvironment();

/** 2 brokers, 2 versions, 2 QoS, 5 sessions at once, 5 kills in each: 200 kills. */
const SESSIONS = 5;
const KILLS = 5;
const JOBS_PER_LIFE = 20;
const LONGEST_MS = 4;
const TIMEOUT_MS = 120_000; // for a machine that has other things to do

const BROKERS = [
  { name: 'in-process', programs: [], start: observedInProcessBroker },
  { name: 'Mosquitto', programs: ['mosquitto'], start: observedMosquitto },
];

const CASES = [
  { version: 5, qos: 1 },
  { version: 5, qos: 2 },
  { version: 4, qos: 1 },
  { version: 4, qos: 2 },
] as const;

/** Kills the workers of a session at random moments, one after another; the last one lives. */
async function killOverAndOver(jobs: DurableJobs, random: Random): Promise<void> {
  for (let kills = 0; kills < KILLS; kills++) {
    const worker = await jobs.startWorker();
    const published = jobs.publish(JOBS_PER_LIFE);
    await worker.reports.atLeast(random.between(1, JOBS_PER_LIFE));
    await sleep(random.next() * LONGEST_MS);
    await worker.kill();
    await published;
  }
  await jobs.startWorker();
}

describe(`kill -9 of a worker with a durable session (SEED=${seed})`, () => {
  let program: CompiledWorker;

  beforeAll(async () => {
    program = await CompiledWorker.compile(new URL('./workers/effect-worker.ts', import.meta.url));
  });

  afterAll(() => program.remove());

  for (const { name, programs, start } of BROKERS) {
    describeWhereInstalled(programs, name, () => {
      it.each(CASES)(
        'every message has its effect, and none that was acknowledged comes back (version $version, QoS $qos)',
        async ({ version, qos }) => {
          const broker = await start();
          const open = (): Promise<DurableJobs> =>
            DurableJobs.open(program, broker.connection(version), { qos, longestMs: LONGEST_MS });
          const sessions = await Promise.all(Array.from({ length: SESSIONS }, open));
          await Promise.all(sessions.map((jobs, i) => killOverAndOver(jobs, new Random(seed + i))));

          const all = sessions.flatMap(({ topics }) => topics);
          const acknowledged = (): Set<string> => acknowledgedTopics(broker.notes());
          await eventually(() => acknowledged().size === all.length, 'every message is acknowledged', TIMEOUT_MS);
          expect(acknowledged()).toEqual(new Set(all));
          for (const jobs of sessions) expect(new Set(jobs.effects())).toEqual(new Set(jobs.published));
          expect(sentAfterAcknowledgement(broker.notes())).toEqual([]);

          // the kills did hit handlers that ran: their messages were run again
          const started = sessions.reduce((sum, jobs) => sum + jobs.started, 0);
          expect(started).toBeGreaterThan(all.length);
        },
        TIMEOUT_MS,
      );
    });
  }
});
