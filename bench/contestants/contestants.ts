import { register } from 'node:module';
import type { Contestant } from './contestant.js';

interface Entry {
  readonly label: string;
  /** Only what a contestant needs is loaded into its process. */
  readonly load: () => Promise<Contestant>;
}

/** Everything that can be measured. */
export const CONTESTANTS = {
  transport: {
    label: 'nestjs-mqtt-transport, 5.0',
    load: async () => (await import('./transport.js')).transport(5),
  },
  'transport-3.1.1': {
    label: 'nestjs-mqtt-transport, 3.1.1',
    load: async () => (await import('./transport.js')).transport(4),
  },
  mqttjs: {
    label: 'raw MQTT.js 5.0, nodelay',
    load: async () => (await import('./mqttjs.js')).mqttjs({ noDelay: true }),
  },
  'mqttjs-delay': {
    label: 'raw MQTT.js 5.0 as it is',
    load: async () => (await import('./mqttjs.js')).mqttjs({ noDelay: false }),
  },
  nest12: {
    label: 'Nest 12 `Transport.MQTT`',
    load: async () => (await import('./nest.js')).nest({ pinned: false }),
  },
  'nest12-pinned': {
    label: 'Nest 12 `Transport.MQTT`, pinned',
    load: async () => (await import('./nest.js')).nest({ pinned: true }),
  },
  nest11: {
    label: 'Nest 11 `Transport.MQTT`',
    load: async () => onNest11(async () => (await import('./nest.js')).nest({ pinned: false })),
  },
  'nest11-pinned': {
    label: 'Nest 11 `Transport.MQTT`, pinned',
    load: async () => onNest11(async () => (await import('./nest.js')).nest({ pinned: true })),
  },
  floor: {
    label: 'mqtt-packet alone (the floor)',
    load: async () => (await import('./floor.js')).floor,
  },
} as const satisfies Record<string, Entry>;

export type ContestantName = keyof typeof CONTESTANTS;

/** From now on this process finds Nest where test/compat/ has version 11. */
function onNest11<T>(load: () => Promise<T>): Promise<T> {
  register('./nest11-resolution.js', import.meta.url);
  return load();
}
