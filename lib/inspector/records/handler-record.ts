import { excerptOfError } from '../views/excerpt.js';
import type { Happened } from '../views/snapshot.js';
import { Durations } from './durations.js';
import { Rate } from './rate.js';

/** The record of one handler. Failures are counted all the time, the rest while there are viewers. */
export class HandlerRecord {
  readonly rate = new Rate();
  durations = new Durations();
  failures = 0;
  withheld = 0;
  lastError: Happened | undefined = undefined;

  failed(error: unknown): void {
    this.failures++;
    this.lastError = { at: Date.now(), text: excerptOfError(error) };
  }

  /** The last viewer has left. */
  reset(): void {
    this.rate.clear();
    this.durations = new Durations();
  }
}
