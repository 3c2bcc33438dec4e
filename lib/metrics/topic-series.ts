import type { Cell } from './tally.js';

/** The series of an operation (publish or request) for one topic template, looked up once. */
export class TopicSeries<Outcome extends string> {
  private readonly outcomes = new Map<Outcome, Cell>();

  constructor(
    private readonly cellOf: (outcome: Outcome) => Cell,
    private readonly duration: { observe(seconds: number): void },
  ) {}

  /** @returns a function to call with the outcome */
  begin(): (end: { readonly outcome: Outcome }) => void {
    const startedAt = performance.now();
    return ({ outcome }) => {
      let cell = this.outcomes.get(outcome);
      if (!cell) this.outcomes.set(outcome, (cell = this.cellOf(outcome)));
      cell.count++;
      this.duration.observe((performance.now() - startedAt) / 1_000);
    };
  }
}
