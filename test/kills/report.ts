import type { PerQoS } from './ledger.js';
import { problemsOf } from './problems.js';
import type { RunResult } from './result.js';

/** All runs together, and each of them. */
export interface KillsReport {
  readonly seed: number;
  /** By what was killed. */
  readonly kills: Readonly<Record<string, number>>;
  readonly published: number;
  /** To their publisher. */
  readonly acknowledged: number;
  readonly effects: number;
  /** Handlings of a message beyond its first, whatever the reason. */
  readonly duplicates: PerQoS;
  readonly lost: number;
  readonly outOfOrder: PerQoS;
  readonly durationMs: number;
  readonly runs: readonly RunResult[];
  /** What should not have happened, in words; empty when all is well. */
  readonly problems: readonly string[];
}

export function reportOf(seed: number, runs: readonly RunResult[]): KillsReport {
  const kills: Record<string, number> = {};
  for (const run of runs) {
    const victim = run.victim === 'broker' ? run.broker : 'worker';
    kills[victim] = (kills[victim] ?? 0) + run.kills;
  }
  const sum = (of: (run: RunResult) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const sumPerQoS = (of: (run: RunResult) => PerQoS): PerQoS => ({
    1: sum((run) => of(run)[1]),
    2: sum((run) => of(run)[2]),
  });
  return {
    seed,
    kills,
    published: sum(({ published }) => published),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    effects: sum(({ effects }) => effects),
    duplicates: sumPerQoS(({ duplicates }) => duplicates),
    lost: sum(({ lost }) => lost),
    outOfOrder: sumPerQoS(({ outOfOrder }) => outOfOrder),
    durationMs: sum(({ durationMs }) => durationMs),
    runs,
    problems: problemsOf(runs),
  };
}
