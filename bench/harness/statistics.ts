export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @param values at least one */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0]!, max: sorted.at(-1)! };
}

/** @param sorted at least one value, in ascending order */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = (sorted.length - 1) * q;
  return (sorted[Math.floor(place)]! + sorted[Math.ceil(place)]!) / 2;
}

/** Round by round, so that what disturbs a round disturbs both sides of the ratio; as far as both had rounds. */
export function pairedRatios(values: readonly number[], baseline: readonly number[]): number[] {
  return values.slice(0, baseline.length).map((value, round) => value / baseline[round]!);
}
