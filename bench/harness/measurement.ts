import type { ContestantName } from '../contestants/contestants.js';
import type { Results } from './contest.js';
import type { Environment } from './environment.js';
import type { Workload } from './workload.js';

/** What was measured in a workload, as it is kept. */
export interface Measurement {
  readonly environment: Environment;
  /** Of those who had the most. */
  readonly rounds: number;
  readonly figures: FiguresOfAll;
}

/** By contestant, case and name of the figure: one value for each round. */
type FiguresOfAll = Readonly<Partial<Record<ContestantName, FiguresByCase>>>;
type FiguresByCase = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

export function measurementOf(results: Results, environment: Environment): Measurement {
  const figures: Partial<Record<ContestantName, FiguresByCase>> = {};
  let rounds = 0;
  for (const [contestant, itsRounds] of Object.entries(results)) {
    const byCase: Record<string, Record<string, number[]>> = {};
    for (const round of itsRounds) {
      for (const [caseName, figuresOfCase] of Object.entries(round)) {
        for (const [figure, value] of Object.entries(figuresOfCase)) {
          ((byCase[caseName] ??= {})[figure] ??= []).push(shortened(value));
        }
      }
    }
    figures[contestant as ContestantName] = byCase;
    rounds = Math.max(rounds, itsRounds.length);
  }
  return { environment, rounds, figures };
}

/** More digits than any clock is good for, and fewer than a file of them should have. */
function shortened(value: number): number {
  return Number(value.toPrecision(7));
}

/** One figure round by round; undefined where it is missing in any of the contestant's rounds. */
export function valuesOf(
  { figures }: Measurement,
  contestant: ContestantName,
  caseName: string,
  figure: string,
): readonly number[] | undefined {
  const ofContestant = Object.values(figures[contestant] ?? {}).flatMap((ofCase) => Object.values(ofCase));
  const rounds = Math.max(...ofContestant.map(({ length }) => length));
  const values = figures[contestant]?.[caseName]?.[figure];
  return values?.length === rounds ? values : undefined;
}

/** Cases, in the order in which contestants have them. */
export function casesOf({ contestants }: Workload, { figures }: Measurement): string[] {
  return [...new Set(contestants.flatMap((contestant) => Object.keys(figures[contestant] ?? {})))];
}

export function figureNames({ contestants }: Workload, { figures }: Measurement, caseName: string): string[] {
  return [...new Set(contestants.flatMap((contestant) => Object.keys(figures[contestant]?.[caseName] ?? {})))];
}
