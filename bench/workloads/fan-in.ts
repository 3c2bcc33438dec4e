import type { Workload } from '../harness/workload.js';
import { pumped } from './events.js';

const DEVICES = 1_000;
const TOPICS = Array.from({ length: DEVICES }, (_, device) => `bench/devices/${device}/reading`);

export const FAN_IN: readonly Workload[] = [
  {
    name: 'fan-in',
    title: `Fan-in of ${DEVICES.toLocaleString('en')} devices`,
    description:
      'Each device has its own connection and topic; one server receives all events, QoS 0, with one filter.',
    contestants: ['transport', 'mqttjs', 'nest12', 'floor'],
    baseline: 'mqttjs',
    rounds: 5,
    async round(contestant, broker) {
      const filter = 'bench/devices/+/reading';
      // a few in one write: events of a device come close together, those of different devices mixed
      const sizes = { warmUp: 50, events: 100, piece: 5 };
      return { [`${DEVICES} connections`]: await pumped(contestant, broker, { filter, topics: TOPICS, ...sizes }) };
    },
  },
];
