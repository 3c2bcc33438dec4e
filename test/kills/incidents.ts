import { eventually, within } from '../support/deadline.js';

const PATIENCE_MS = 20_000;
const MOST = 20;

/** What goes wrong in a run, in words. */
export class Incidents {
  readonly lines: string[] = [];

  add(...lines: readonly string[]): void {
    this.lines.push(...lines.slice(0, Math.max(0, MOST - this.lines.length)));
  }

  /** Waits until it is so. */
  async expect(check: () => boolean, what: string): Promise<void> {
    await eventually(check, what, PATIENCE_MS).catch((error: unknown) => this.add((error as Error).message));
  }

  /** Waits for something that has to end. */
  async end(ending: Promise<unknown>, what: string): Promise<void> {
    await within(ending, what, PATIENCE_MS).catch((error: unknown) => this.add((error as Error).message));
  }
}
