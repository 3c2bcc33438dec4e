import { deepStrictEqual as same, ok } from 'node:assert/strict';
import type { ClientMqtt } from '../../lib/index.js';
import { eventually } from '../support/deadline.js';
import type { PeerProcess } from '../support/peer-process.js';
import type { Peer } from './peers.js';
import { events, jobs } from './service.js';

/** Both sides, connected and serving. */
export interface Sides {
  readonly client: ClientMqtt;
  readonly peer: Peer;
  readonly process: PeerProcess;
}

/** A column of the table. */
export interface Scenario {
  readonly title: string;
  run(sides: Sides): Promise<void>;
}

const BYTES = Buffer.from([0, 255, 1, 254]);

/** What goes through both unchanged; as the peer tells of it; its Content Type, where all peers give it one. */
const BODIES: readonly [kind: string, body: unknown, told: unknown, contentType: string | undefined][] = [
  ['JSON', { celsius: 21, tags: ['a', 'b'] }, { celsius: 21, tags: ['a', 'b'] }, 'application/json'],
  ['text', 'grüße', 'grüße', 'text/plain'],
  ['bytes', BYTES, { base64: BYTES.toString('base64') }, undefined],
];
const LEVELS = [0, 1, 2] as const;
const NUMBERS = Array.from({ length: 100 }, (_, i) => i);
const SHARED_JOBS = 40;

export const SCENARIOS: readonly Scenario[] = [
  {
    title: 'its request, our handler',
    async run({ process }) {
      for (const qos of LEVELS) {
        for (const [, body, told, contentType] of BODIES) {
          const reply = await process.request('nest/echo', body, { qos });
          same(reply.body, told);
          if (contentType !== undefined) same(reply.contentType, contentType);
        }
      }
      const { body, headers } = await process.request('nest/headers', 1, { headers: { site: 'B' } });
      same([body, headers], [{ got: { site: 'B' } }, { from: 'nest' }]);
    },
  },
  {
    title: 'our failure',
    async run({ process }) {
      const { body, headers } = await process.request('nest/fail', {});
      same([body, headers['nest-error']], [{ status: 'error', message: 'out of stock' }, 'rpc']);
    },
  },
  {
    title: 'our request, its handler',
    async run({ client, peer: { prefix, from } }) {
      for (const qos of LEVELS)
        for (const [, body] of BODIES) same((await client.request(`${prefix}/echo`, body, { qos })).data, body);
      const { data, userProperties } = await client.request(`${prefix}/headers`, 1, { userProperties: { site: 'A' } });
      same([data, { ...userProperties }], [{ got: { site: 'A' } }, { from }]);
    },
  },
  {
    title: '100 requests at once, each way',
    async run({ client, peer: { prefix }, process }) {
      const [ours, theirs] = await Promise.all([
        Promise.all(NUMBERS.map(async (i) => (await client.request(`${prefix}/echo`, { i })).data)),
        Promise.all(NUMBERS.map(async (i) => (await process.request('nest/echo', { i })).body)),
      ]);
      const expected = NUMBERS.map((i) => ({ i }));
      same([ours, theirs], [expected, expected]);
    },
  },
  {
    title: 'its events',
    async run({ process }) {
      events.clear();
      for (const qos of LEVELS)
        for (const [kind, body] of BODIES)
          await process.publish(`nest/events/${kind}`, body, { qos, headers: { site: 'B' } });
      const seen = await events.atLeast(LEVELS.length * BODIES.length);
      for (const qos of LEVELS) {
        for (const [kind, body, , contentType] of BODIES) {
          const event = seen.find((each) => each.topic === `nest/events/${kind}` && each.qos === qos);
          same([event?.data, event?.headers], [body, { site: 'B' }]);
          if (contentType !== undefined) same(event!.contentType, contentType);
        }
      }
    },
  },
  {
    title: 'our events',
    async run({ client, peer: { prefix }, process }) {
      process.events.clear();
      for (const qos of LEVELS)
        for (const [kind, body] of BODIES)
          await client.publish(`${prefix}/events/${kind}-${qos}`, body, { qos, userProperties: { site: 'A' } });
      const seen = await process.events.atLeast(LEVELS.length * BODIES.length);
      for (const qos of LEVELS) {
        for (const [kind, , told, contentType] of BODIES) {
          const event = seen.find((each) => each.topic === `${prefix}/events/${kind}-${qos}`);
          same([event?.body, event?.headers], [told, { site: 'A' }]);
          if (contentType !== undefined) same(event!.contentType, contentType);
        }
      }
    },
  },
  {
    title: 'one shared group',
    async run({ client, process }) {
      jobs.clear();
      process.events.clear();
      const sent = NUMBERS.slice(0, SHARED_JOBS);
      for (const job of sent) await client.publish(`mixed/${job}`, job, { qos: 1 });
      await eventually(() => jobs.size + process.events.size >= SHARED_JOBS, 'all jobs are handled');
      const handled = [...jobs.entries, ...process.events.entries.map(({ body }) => body)] as number[];
      same(
        handled.toSorted((a, b) => a - b),
        sent,
      );
      ok(Math.min(jobs.size, process.events.size) > 0, 'one member got everything');
    },
  },
];
