import type { ContestantName } from '../contestants/contestants.js';
import type { QoS } from '../contestants/contestant.js';
import { PacketCounter, type PassedPacket } from '../harness/packet-counter.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Figures, Workload } from '../harness/workload.js';
import type { CallsParameters, RequesterParameters } from '../players/requester.js';
import type { ResponderParameters } from '../players/responder.js';

const CALLS = 200;
const REQUESTERS = 16;
const CROWD = `${REQUESTERS} requesters, QoS 0`;
const AT_REQUESTER = 'packets/call at the requester';
const AT_SERVER = 'packets/call at the server';
const REPLIES = 'replies received/call';

/** What passed on either side during {@link CALLS} calls. */
interface Traffic {
  readonly requester: readonly PassedPacket[];
  readonly server: readonly PassedPacket[];
}

export const PACKETS: readonly Workload[] = [
  {
    name: 'packets',
    title: 'MQTT Control Packets per call',
    description: `${CALLS} calls, counted on the wire. One requester sends one call after the other; ${REQUESTERS} requesters send calls at once.`,
    contestants: ['transport', 'transport-3.1.1', 'mqttjs', 'nest12', 'nest12-pinned'],
    rounds: 1,
    warmUp: false,
    marks: [
      { case: 'QoS 0', figure: AT_REQUESTER, of: 'transport', atMost: 2 },
      { case: 'QoS 0', figure: AT_SERVER, of: 'transport', atMost: 2 },
      { case: CROWD, figure: REPLIES, of: 'transport', atMost: 1 },
    ],
    async round(contestant, { url }) {
      const crowd = await traffic(contestant, url, 0, REQUESTERS);
      const replies = crowd.requester.filter(
        ({ from, packet }) => from === 'broker' && packet.cmd === 'publish',
      ).length;
      return {
        'QoS 0': perCall(await traffic(contestant, url, 0)),
        'QoS 1': perCall(await traffic(contestant, url, 1)),
        [CROWD]: { [REPLIES]: replies / CALLS },
      };
    },
  },
];

function perCall({ requester, server }: Traffic): Figures {
  return { [AT_REQUESTER]: requester.length / CALLS, [AT_SERVER]: server.length / CALLS };
}

async function traffic(contestant: ContestantName, url: string, qos: QoS, connections = 1): Promise<Traffic> {
  const counters = { requester: await PacketCounter.start(url), server: await PacketCounter.start(url) };
  const players = [
    await PlayerProcess.start('responder', {
      contestant,
      url: counters.server.url,
      qos,
    } satisfies ResponderParameters),
    await PlayerProcess.start('requester', {
      contestant,
      url: counters.requester.url,
      qos,
      connections,
    } satisfies RequesterParameters),
  ];
  const passed = async (): Promise<Traffic> => {
    const [requester, server] = await Promise.all([counters.requester.take(), counters.server.take()]);
    return { requester, server };
  };
  const call = (calls: number): Promise<unknown> =>
    players[1]!.ask('calls', { inFlight: connections, calls } satisfies CallsParameters);
  try {
    await call(connections); // the first one may have to subscribe
    await passed();
    await call(CALLS);
    return await passed();
  } finally {
    for (const player of players) await player.end();
    await counters.requester.close();
    await counters.server.close();
  }
}
