import type { ContestantName } from '../contestants/contestants.js';
import { PacketCounter } from '../harness/packet-counter.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Workload } from '../harness/workload.js';
import type { StarterParameters } from '../players/starter.js';

const FILTERS = 5_000;
const CASE = `${FILTERS.toLocaleString('en')} filters`;
const LAST_SUBACK = 'ms to the last SUBACK';
const PACKETS = 'SUBSCRIBE packets';

export const START: readonly Workload[] = [
  {
    name: 'start-5000',
    title: 'Start with many handlers',
    description:
      'A fresh process connects and subscribes to 5,000 Topic Filters; SUBSCRIBE packets are counted in another process.',
    contestants: ['transport', 'mqttjs', 'nest12', 'transport-3.1.1', 'floor'],
    baseline: 'mqttjs',
    marks: [
      { case: CASE, figure: LAST_SUBACK, of: 'transport', against: 'mqttjs', atMost: 1.15 },
      { case: CASE, figure: LAST_SUBACK, of: 'transport', against: 'nest12', atMost: 0.55 },
      { case: CASE, figure: PACKETS, of: 'transport', atMost: 50 },
    ],
    async round(contestant, { url }) {
      const milliseconds = await start(contestant, url);
      return { [CASE]: { [LAST_SUBACK]: milliseconds, [PACKETS]: await subscribePackets(contestant, url) } };
    },
  },
];

async function start(contestant: ContestantName, url: string): Promise<number> {
  const parameters: StarterParameters = { contestant, url, qos: 0, filters: FILTERS };
  const starter = await PlayerProcess.start('starter', parameters);
  try {
    return await starter.ask<number>('start');
  } finally {
    await starter.end();
  }
}

async function subscribePackets(contestant: ContestantName, brokerUrl: string): Promise<number> {
  const counter = await PacketCounter.start(brokerUrl);
  try {
    await start(contestant, counter.url);
    const packets = (await counter.take()).map(({ packet }) => packet);
    const granted = packets.flatMap((packet) => (packet.cmd === 'suback' ? packet.granted : [])).length;
    if (granted < FILTERS) throw new Error(`${contestant} had ${granted} of ${FILTERS} subscriptions when it was done`);
    return packets.filter(({ cmd }) => cmd === 'subscribe').length;
  } finally {
    await counter.close();
  }
}
