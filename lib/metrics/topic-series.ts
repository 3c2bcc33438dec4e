import type { Cell } from './tally.js';

/** What ends with an outcome, after a while: its series for one declared topic are looked up once. */
export class TopicSeries<Outcome extends string> {
  private readonly outcomes = new Map<Outcome, Cell>();

  constructor(
    private readonly cellOf: (outcome: Outcome) => Cell,
    private readonly duration: { observe(seconds: number): void },
  ) {}

  /** @returns what is told how it has ended */
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
