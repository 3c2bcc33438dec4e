import type { Random } from '../support/random.js';
import { killBroker } from './broker-kills.js';
import { LogWatch } from './log-watch.js';
import { startForgetfulMosquitto, startInProcess, startMosquitto, type StartBroker } from './mortal-broker.js';
import type { RunOptions, RunResult, Victim } from './result.js';
import { killWorkers } from './worker-kills.js';

export interface KillsOptions {
  /** Of each broker, half as many of one that forgets everything; and of the worker. */
  readonly kills: number;
  readonly victims: readonly Victim[];
  readonly random: Random;
  /** worker.ts */
  readonly worker: URL;
}

const VERSIONS = [5, 4] as const;
const LARGEST_SEED = 2 ** 32 - 2;

/** All runs, one after another: the kills are shared out over the versions, and those of the worker over the brokers too. */
export async function runKills({ kills, victims, random, worker }: KillsOptions): Promise<RunResult[]> {
  const logs = new LogWatch();
  const rejections: string[] = [];
  process.on('unhandledRejection', (reason) => rejections.push(`unhandled rejection: ${String(reason)}`));
  const results: RunResult[] = [];

  async function run(start: StartBroker, share: number, kill: typeof killBroker): Promise<void> {
    for (const protocolVersion of VERSIONS) {
      const broker = await start();
      const options: RunOptions = {
        protocolVersion,
        kills: Math.ceil(kills / share),
        seed: random.between(0, LARGEST_SEED),
      };
      try {
        const result = await kill(broker, options);
        results.push({ ...result, incidents: [...result.incidents, ...logs.take(), ...rejections.splice(0)] });
      } finally {
        await broker.close();
      }
    }
  }

  if (victims.includes('broker')) {
    await run(startInProcess, VERSIONS.length, killBroker);
    await run(startMosquitto, VERSIONS.length, killBroker);
    await run(startForgetfulMosquitto, 2 * VERSIONS.length, killBroker);
  }
  if (victims.includes('worker')) {
    const brokers = [startInProcess, startForgetfulMosquitto]; // which live on
    for (const start of brokers)
      await run(start, brokers.length * VERSIONS.length, (broker, options) => killWorkers(broker, options, worker));
  }
  return results;
}
