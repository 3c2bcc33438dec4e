import { PlayerProcess } from '../harness/player-process.js';
import type { Figures, Mark, Workload } from '../harness/workload.js';
import type { LookUpParameters, LookUpResult, Router, RouterParameters } from '../players/router.js';

const PATTERNS = [10, 1_000, 5_000, 50_000] as const;
const SECONDS = 0.15;
/** Nest looks at one pattern after the other, for milliseconds. */
const BATCH: Readonly<Record<Router, number>> = { transport: 10_000, nest12: 10 };

const CACHED = 'µs CPU/lookup, cached';
const NEW_TOPIC = 'µs CPU/lookup, new topic';

function caseOf(patterns: (typeof PATTERNS)[number]): string {
  return `${patterns.toLocaleString('en')} patterns`;
}

const MOST = caseOf(50_000);

const MARKS: readonly Mark[] = [
  { case: MOST, figure: CACHED, of: 'transport', atMost: 0.25, aim: 0.05 },
  { case: MOST, figure: NEW_TOPIC, of: 'transport', atMost: 0.5 },
  {
    case: MOST,
    figure: CACHED,
    of: 'transport',
    against: 'transport',
    againstCase: caseOf(10),
    atMost: 1.3,
  },
  {
    case: MOST,
    figure: NEW_TOPIC,
    of: 'transport',
    against: 'transport',
    againstCase: caseOf(10),
    atMost: 1.5,
  },
];

export const ROUTING: readonly Workload[] = [
  {
    name: 'routing',
    title: 'Routing',
    description:
      'Looks up the handler of a topic with four levels, in process, among so many patterns with a wildcard: for 1,000 repeated topics or always new ones, as strings of the packet reader, which reuses the string of a recent topic.',
    contestants: ['transport', 'nest12'],
    baseline: 'nest12',
    short: true,
    marks: MARKS,
    round: (contestant) => measure(contestant as Router),
  },
];

async function measure(contestant: Router): Promise<Record<string, Figures>> {
  const router = await PlayerProcess.start('router', { contestant } satisfies RouterParameters, ['--expose-gc']);
  try {
    const look = (patterns: number): Promise<LookUpResult> =>
      router.ask('look', { patterns, seconds: SECONDS, batch: BATCH[contestant] } satisfies LookUpParameters);
    await look(100); // compiles it
    const results: Record<string, Figures> = {};
    for (const patterns of PATTERNS) {
      const { cached, fresh } = await look(patterns);
      results[caseOf(patterns)] = { [CACHED]: cached, [NEW_TOPIC]: fresh };
    }
    return results;
  } finally {
    await router.end();
  }
}
