import { READINGS } from '../contestants/contestant.js';
import type { RoundResult, Workload } from '../harness/workload.js';
import { pumped, type Pumped } from './events.js';

/** Who looks, by the name of the case. */
const LOOKING: Readonly<Record<string, Pick<Pumped, 'inspector' | 'viewer'>>> = {
  'without it': { inspector: false },
  'nobody looks': { inspector: true },
  'one viewer': { inspector: true, viewer: true },
};
const RATE = 'events/s';
const CPU = 'µs CPU/event';
const WITHOUT = { of: 'transport', against: 'transport', againstCase: 'without it' } as const;

export const INSPECTOR: readonly Workload[] = [
  {
    name: 'inspector',
    title: 'The inspector',
    description:
      'An application with HTTP receives events that a publisher sends as fast as the broker accepts them, QoS 0, 100 bytes of JSON: ' +
      'without `MqttInspectorModule`, with it but without viewers, and with one viewer. One after the other in each round.',
    contestants: ['transport'],
    rounds: 5,
    marks: [
      { case: 'nobody looks', figure: RATE, ...WITHOUT, atLeast: 0.97 },
      { case: 'one viewer', figure: RATE, ...WITHOUT, atLeast: 0.9 },
      { case: 'nobody looks', figure: CPU, ...WITHOUT, atMost: 1.03 },
      { case: 'one viewer', figure: CPU, ...WITHOUT, atMost: 1.11 },
    ],
    async round(contestant, broker) {
      const result: Record<string, RoundResult[string]> = {};
      for (const [name, looking] of Object.entries(LOOKING)) {
        const sizes = { warmUp: 150_000, events: 400_000 };
        result[name] = await pumped(contestant, broker, { filter: READINGS, topics: [READINGS], ...looking, ...sizes });
      }
      return result;
    },
  },
];
