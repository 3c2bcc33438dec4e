import { PlayerProcess } from '../harness/player-process.js';
import type { Workload } from '../harness/workload.js';
import type { BurstsParameters, RequesterParameters } from '../players/requester.js';
import type { ResponderParameters } from '../players/responder.js';

const BURSTS = { bursts: 10_000, size: 3, patienceMs: 2_000 } as const satisfies BurstsParameters;
const CASE = `${BURSTS.bursts.toLocaleString('en')} bursts of ${BURSTS.size}`;
const ANSWERED = 'answered %';

export const BURST: readonly Workload[] = [
  {
    name: 'bursts',
    title: 'Bursts of calls on one pattern',
    description:
      `${BURSTS.size} calls at once, and again when they have replies. If one gets no reply within ` +
      `${BURSTS.patienceMs / 1_000} s, the remaining calls count as not answered.`,
    contestants: ['transport', 'transport-3.1.1', 'mqttjs', 'nest12', 'nest11'],
    rounds: 1,
    warmUp: false,
    marks: [{ case: CASE, figure: ANSWERED, of: 'transport', atLeast: 100 }],
    async round(contestant, { url }) {
      const responder = await PlayerProcess.start('responder', {
        contestant,
        url,
        qos: 0,
      } satisfies ResponderParameters);
      const requester = await PlayerProcess.start('requester', {
        contestant,
        url,
        qos: 0,
      } satisfies RequesterParameters);
      try {
        const answered = await requester.ask<number>('bursts', BURSTS);
        const calls = BURSTS.bursts * BURSTS.size;
        return { [CASE]: { [ANSWERED]: (answered / calls) * 100, 'calls without an answer': calls - answered } };
      } finally {
        await requester.end();
        await responder.end();
      }
    },
  },
];
