// Makes calls by this transport and by MQTT.js in turn, and says how many each of them manages in a second of CPU time.
import type { Contestant, Requester } from '../../../../bench/contestants/contestant.js';
import { reading } from '../../../../bench/contestants/contestant.js';
import { mqttjs } from '../../../../bench/contestants/mqttjs.js';
import { transport } from '../../../../bench/contestants/transport.js';
import { report, workerParameters } from '../../../support/worker-main.js';

export interface RatioParameters {
  /** Both answer the same topic: each has a broker of its own. */
  readonly urls: readonly [string, string];
}

export interface RatioReport {
  readonly transport: number;
  readonly mqttjs: number;
}

const ROUNDS = 5;
const CALLS = 2_000;
const IN_FLIGHT = 32;

const { urls } = workerParameters<RatioParameters>();
const ours = await connect(transport(5), urls[0]);
const raw = await connect(mqttjs({ noDelay: true }), urls[1]);
report('ready');
await callsPerCpuSecond(ours); // what is compiled stays so
await callsPerCpuSecond(raw);
for (let round = 0; round < ROUNDS; round++) {
  report({ transport: await callsPerCpuSecond(ours), mqttjs: await callsPerCpuSecond(raw) } satisfies RatioReport);
}

async function connect(contestant: Contestant, url: string): Promise<Requester> {
  await contestant.respond({ url, qos: 0, answer: (request) => request });
  return contestant.requester({ url, qos: 0 });
}

/** Of client and server together. */
async function callsPerCpuSecond(requester: Requester): Promise<number> {
  const before = process.cpuUsage();
  let begun = 0;
  const callOneByOne = async (): Promise<void> => {
    while (begun++ < CALLS) await requester.call(reading());
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, callOneByOne));
  const { user, system } = process.cpuUsage(before);
  return CALLS / ((user + system) / 1_000_000);
}
