import type { ContestantName } from '../contestants/contestants.js';
import { startAedes } from './aedes.js';
import type { StartBroker } from './broker.js';
import { startMosquitto } from './mosquitto.js';

interface BrokerKind {
  readonly start: StartBroker;
  /** Contestants that cannot use it, and why. */
  readonly leavesOut: readonly { readonly because: string; readonly contestants: readonly ContestantName[] }[];
}

/** Brokers to choose from by `--broker`. */
export const BROKERS: Readonly<Record<string, BrokerKind>> = {
  mosquitto: { start: startMosquitto, leavesOut: [] },
  aedes: {
    start: startAedes,
    leavesOut: [
      { because: 'aedes 1 speaks MQTT 3.1.1, not 5.0', contestants: ['transport', 'mqttjs', 'mqttjs-delay', 'floor'] },
      { because: 'on aedes its calls hang after a few, unless it is pinned', contestants: ['nest12', 'nest11'] },
    ],
  },
};
