import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientMqtt } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import type { WorkerProcess } from '../../support/worker-process.js';
import type { GroupWorkerAnswer, GroupWorkerParameters, GroupWorkerReport } from './workers/group-worker.js';

const NAMES = ['first', 'second', 'third'];
/** A second time for one of the 3,000 would be told before the last of these. */
const EVENTS = 3_000 + 30;

async function ask(client: ClientMqtt, count: number): Promise<GroupWorkerAnswer[]> {
  const questions = Array.from({ length: count }, (_, question) => question);
  const replies = await Promise.all(questions.map((each) => client.request<GroupWorkerAnswer>('who', each)));
  const answers = replies.map(({ data }) => data);
  expect(answers.map(({ question }) => question)).toEqual(questions);
  return answers;
}

let program: CompiledWorker;

beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/group-worker.ts', import.meta.url));
});

afterAll(() => program.remove());

describeEachBroker('three processes in one group', (broker) => {
  const reports = new Journal<GroupWorkerReport>();
  let workers: WorkerProcess<GroupWorkerReport>[] = [];

  beforeAll(async () => {
    const { connection } = broker;
    const parametersOf = (name: string): GroupWorkerParameters => ({ connection, name, group: 'workers' });
    workers = await Promise.all(NAMES.map((name) => program.launch(parametersOf(name), reports)));
  });

  afterAll(() => Promise.all(workers.map((worker) => worker.kill())));

  it('3,000 events at QoS 1: each handled once, by all three', async () => {
    const publisher = await connectMqttJs(broker);
    const jobs = Array.from({ length: EVENTS }, (_, job) => job);
    await Promise.all(jobs.map((job) => publisher.publishAsync(`jobs/${job % 10}`, String(job), { qos: 1 })));
    await reports.atLeast(EVENTS);
    expect(reports.entries.map(({ job }) => job).toSorted((a, b) => a - b)).toEqual(jobs);
    expect([...new Set(reports.entries.map(({ name }) => name))].toSorted()).toEqual(NAMES);
  });

  if (broker.protocolVersion === 4) return;

  describe('requests', () => {
    it('each is answered once, and all three answer', async () => {
      const client = createClient({ ...broker.connection, publishOptions: { qos: 1 } });
      const answers = await ask(client, 300);
      expect([...new Set(answers.map(({ subscription }) => subscription))]).toEqual(['$share/workers/who']);
      expect([...new Set(answers.map(({ name }) => name))].toSorted()).toEqual(NAMES);
    });

    it('when a member is killed, the others answer', async () => {
      const client = createClient({ ...broker.connection, publishOptions: { qos: 1 } });
      await workers[0]!.kill();
      const answers = await ask(client, 30);
      expect([...new Set(answers.map(({ name }) => name))].toSorted()).toEqual(NAMES.slice(1));
    });
  });
});
