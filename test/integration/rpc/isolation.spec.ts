import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  ConnectionClosedError,
  MessageExpiredError,
  RequestTimeoutError,
  type ClientMqtt,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { ClientInspection, NOTHING_HELD } from '../../support/client-inspection.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { createClient } from '../../support/nest-application.js';
import { Random } from '../../support/random.js';
import type { Question } from './workers/isolation-server.js';

const SERVERS = 4;
const CLIENTS = 20;
const CALLS = 500;
/** Of so many clients' calls one comes too late. */
const ONE_LATE_IN = 25;
/** The connection is cut when so many of a client's calls have ended. */
const CUT_AFTER = 100;

type End = 'answered' | 'timed out' | 'connection lost';

const random = Random.fromEnvironment();
let program: CompiledWorker;

beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/isolation-server.ts', import.meta.url));
});

afterAll(() => program.remove());

/** Makes one call, and says how it ended. Throws when it got what is not its own. */
async function ask(client: ClientMqtt, question: Question, timeout: number): Promise<End> {
  try {
    const { data } = await client.request<Question>('question', question, {
      timeout,
      qos: random.between(0, 1) as 0 | 1,
    });
    expect(data).toEqual(question);
    return 'answered';
  } catch (error) {
    if (error instanceof RequestTimeoutError || error instanceof MessageExpiredError) return 'timed out';
    if (error instanceof ConnectionClosedError) return 'connection lost';
    throw error;
  }
}

describeEachBroker(
  `${CLIENTS} clients × ${CALLS} calls at once, seed ${random.seed}`,
  (broker) => {
    it('every call ends, with its own answer or with an error that says why', async () => {
      const { connection } = broker;
      await Promise.all(Array.from({ length: SERVERS }, () => program.start({ connection })));
      const clients = await Promise.all(
        Array.from({ length: CLIENTS }, async (_, i) => {
          const client = createClient(i % 2 ? durable(connection, `isolated-${i}`) : connection);
          await client.request('question', { client: i, call: -1, takes: 0 });
          return client;
        }),
      );
      const inspections = clients.map((client) => new ClientInspection(client));
      const ends = await Promise.all(
        clients.map(async (client, i) => {
          const ended = new Journal<End>();
          const isCut = i % 4 > 1;
          const patience = isCut ? 5_000 : 30_000; // at QoS 0 a cut may swallow a request or its reply
          const calls = Array.from({ length: CALLS }, async (_, call) => {
            const late = call % ONE_LATE_IN === 0;
            const takes = late ? 600 : random.between(0, 100);
            ended.add(await ask(client, { client: i, call, takes }, late ? 300 : patience));
            if (isCut && ended.size === CUT_AFTER) client.unwrap().stream.destroy();
          });
          await Promise.all(calls);
          return ended.entries;
        }),
      );
      for (const [i, ended] of ends.entries()) {
        const counts = (end: End): number => ended.filter((each) => each === end).length;
        const uncut = i % 4 <= 1;
        expect(ended).toHaveLength(CALLS);
        expect(uncut ? counts('connection lost') : 0).toBe(0);
        expect(uncut ? counts('answered') : 0).toBe(uncut ? CALLS - CALLS / ONE_LATE_IN : 0);
      }
      await eventually(() => inspections.some(({ lateReplies }) => lateReplies > 0), 'late replies are counted');
      for (const inspection of inspections) {
        await eventually(() => inspection.holdings().outgoing === 0, 'everything was sent');
        expect(inspection.holdings()).toEqual(NOTHING_HELD);
        expect(inspection.newListeners()).toEqual({});
      }
    }, 60_000);
  },
  { versions: [5] },
);
