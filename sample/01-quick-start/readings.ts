import { Subject } from 'rxjs';

export interface Reading {
  readonly deviceId: string;
  readonly celsius: number;
  /** The worker that received it. */
  readonly worker: string;
}

/** The latest reading of every device. */
export class Readings {
  /** Every reading on arrival. */
  readonly added = new Subject<Reading>();
  private readonly latest = new Map<string, Reading>();

  add(reading: Reading): void {
    this.latest.set(reading.deviceId, reading);
    this.added.next(reading);
  }

  latestOf(deviceId: string): Reading | undefined {
    return this.latest.get(deviceId);
  }
}

/** Shared by both workers, in place of a database. */
export const readings = new Readings();
