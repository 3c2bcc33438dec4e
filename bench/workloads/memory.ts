import { PlayerProcess } from '../harness/player-process.js';
import type { Usage } from '../harness/player.js';
import type { Figures, Workload } from '../harness/workload.js';
import type { CallsParameters, RequesterParameters } from '../players/requester.js';
import type { ResponderParameters } from '../players/responder.js';

/** By then everything that stays is there. The requester forgets how long each call took after so many. */
const LEG = { inFlight: 64, calls: 100_000 } as const satisfies CallsParameters;
const LEGS = 10;
const AT_FIRST = LEG.calls.toLocaleString('en');
const CASE = `${(LEG.calls * LEGS).toLocaleString('en')} calls`;
const MIB = 1_024 ** 2;

export const MEMORY: readonly Workload[] = [
  {
    name: 'memory',
    title: 'Memory over a million calls',
    description:
      `QoS 0, ${LEG.inFlight} in flight. Heap after a garbage collection; growth is the heap at the end as a multiple ` +
      `of that after ${AT_FIRST} calls. RSS at the end.`,
    contestants: ['transport', 'mqttjs', 'nest12-pinned'],
    baseline: 'mqttjs',
    rounds: 3,
    warmUp: false,
    marks: [
      { case: CASE, figure: 'server heap growth', of: 'transport', atMost: 1.1 },
      { case: CASE, figure: 'requester heap growth', of: 'transport', atMost: 1.1 },
      { case: CASE, figure: 'server RSS MiB', of: 'transport', against: 'nest12-pinned', atMost: 1 },
      { case: CASE, figure: 'requester RSS MiB', of: 'transport', against: 'nest12-pinned', atMost: 1 },
    ],
    async round(contestant, { url }) {
      const connection = { contestant, url, qos: 0 } as const satisfies ResponderParameters & RequesterParameters;
      const server = await PlayerProcess.start('responder', connection, ['--expose-gc']);
      const requester = await PlayerProcess.start('requester', connection, ['--expose-gc']);
      try {
        await requester.ask('calls', LEG);
        const [serverBefore, requesterBefore] = [await server.usage(), await requester.usage()];
        for (let leg = 1; leg < LEGS; leg++) await requester.ask('calls', LEG);
        return {
          [CASE]: {
            ...figuresOf('server', serverBefore, await server.usage()),
            ...figuresOf('requester', requesterBefore, await requester.usage()),
          },
        };
      } finally {
        await requester.end();
        await server.end();
      }
    },
  },
];

function figuresOf(who: string, before: Usage, after: Usage): Figures {
  return {
    [`${who} heap MiB after ${AT_FIRST}`]: before.heapBytes / MIB,
    [`${who} heap MiB at the end`]: after.heapBytes / MIB,
    [`${who} heap growth`]: after.heapBytes / before.heapBytes,
    [`${who} RSS MiB`]: after.rssBytes / MIB,
  };
}
