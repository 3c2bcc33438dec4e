import type { Broker } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Workload } from '../harness/workload.js';
import type { DispatcherParameters, DispatchParameters } from '../players/dispatcher.js';
import type { Fed } from '../players/fed-server.js';
import { ROOM_FOR_GARBAGE } from '../players/garbage.js';

const WARM_UP = 100_000;
const TIMED = 100_000;
const COUNTED = 10_000;

const CASE = 'request';

export const DISPATCH: readonly Workload[] = [
  {
    name: 'dispatch',
    title: 'Own cost of dispatch, in process',
    description:
      'One request through a controller, from the parsed PUBLISH packet to the reply before it is sent; 32 requests in a turn of the event loop.',
    contestants: ['transport', 'nest12'],
    baseline: 'nest12',
    short: true,
    marks: [
      { case: CASE, figure: 'µs CPU', of: 'transport', atMost: 3 },
      { case: CASE, figure: 'bytes of garbage', of: 'transport', atMost: 3_000 },
    ],
    async round(contestant, broker) {
      const of = contestant as Fed;
      const microseconds = await ask(of, broker, 'time', TIMED);
      const bytes = await ask(of, broker, 'garbage', COUNTED, ROOM_FOR_GARBAGE);
      return { [CASE]: { 'µs CPU': microseconds, 'bytes of garbage': bytes } };
    },
  },
];

/** In a process of its own: what gives the garbage room is not what an application runs with. */
async function ask(
  contestant: Fed,
  { url }: Broker,
  command: 'time' | 'garbage',
  requests: number,
  nodeOptions: readonly string[] = [],
): Promise<number> {
  const parameters = { contestant, url } satisfies DispatcherParameters;
  const dispatcher = await PlayerProcess.start('dispatcher', parameters, nodeOptions);
  try {
    await dispatcher.ask('time', { requests: WARM_UP } satisfies DispatchParameters);
    return await dispatcher.ask(command, { requests } satisfies DispatchParameters);
  } finally {
    await dispatcher.end();
  }
}
