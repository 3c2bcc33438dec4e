import { READINGS } from '../contestants/contestant.js';
import type { Watched } from '../contestants/watching.js';
import type { RoundResult, Workload } from '../harness/workload.js';
import { pumped } from './events.js';

const WATCHED: readonly Watched[] = ['nobody', 'no-op', 'metrics', 'tracing'];
const FIGURE = 'µs CPU/event';

export const OBSERVERS: readonly Workload[] = [
  {
    name: 'observers',
    title: 'Observers',
    description:
      'One server receives events that a publisher sends as fast as the broker accepts them, QoS 0, 100 bytes of JSON: without observers, ' +
      'with one that does nothing, with metrics, and with OpenTelemetry, with a span for each event and an exporter that does nothing. ' +
      'One after the other in each round.',
    contestants: ['transport'],
    rounds: 5,
    marks: [
      { case: 'metrics', figure: FIGURE, of: 'transport', against: 'transport', againstCase: 'nobody', atMost: 1.15 },
      { case: 'tracing', figure: FIGURE, of: 'transport', against: 'transport', againstCase: 'nobody', atMost: 1.6 },
    ],
    async round(contestant, broker) {
      const result: Record<string, RoundResult[string]> = {};
      for (const watched of WATCHED) {
        const sizes = { warmUp: 60_000, events: 100_000 };
        result[watched] = await pumped(contestant, broker, { filter: READINGS, topics: [READINGS], watched, ...sizes });
      }
      return result;
    },
  },
];
