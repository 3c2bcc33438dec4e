import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { eventually } from '../../support/deadline.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Random } from '../../support/random.js';
import { DurableJobs } from './durable-jobs.js';
import { acknowledgedTopics, observedMosquitto, sentAfterAcknowledgement } from './observed-broker.js';

const random = Random.fromEnvironment();

const CLOSES = 4;
const JOBS_PER_LIFE = 300;
const TIMEOUT_MS = 60_000; // for a machine that has other things to do

const CASES = [
  { version: 5, qos: 1 },
  { version: 5, qos: 2 },
  { version: 4, qos: 1 },
  { version: 4, qos: 2 },
] as const;

describeWhereInstalled(['mosquitto'], 'closing a worker process under load (Mosquitto)', () => {
  let program: CompiledWorker;

  beforeAll(async () => {
    program = await CompiledWorker.compile(new URL('./workers/effect-worker.ts', import.meta.url));
  });

  afterAll(() => program.remove());

  describe(`at random moments (SEED=${random.seed})`, () => {
    it.each(CASES)(
      'loses nothing, and what was handled does not come to the next process (version $version, QoS $qos)',
      async ({ version, qos }) => {
        const broker = await observedMosquitto();
        const jobs = await DurableJobs.open(program, broker.connection(version), { qos, longestMs: 2 });
        for (let closes = 0; closes < CLOSES; closes++) {
          const worker = await jobs.startWorker();
          const published = jobs.publish(JOBS_PER_LIFE);
          await worker.reports.atLeast(random.between(1, JOBS_PER_LIFE / 2)); // while there is more to come
          await worker.stop();
          await published;
        }
        await jobs.startWorker();
        const acknowledged = (): Set<string> => acknowledgedTopics(broker.notes());
        await eventually(() => acknowledged().size === jobs.published.length, 'all are acknowledged', TIMEOUT_MS);

        // each effect once, in all those lives: a handler that had run was not run again
        expect(jobs.effects().toSorted()).toEqual(jobs.published.toSorted());
        expect(sentAfterAcknowledgement(broker.notes())).toEqual([]);
      },
      TIMEOUT_MS,
    );
  });
});
