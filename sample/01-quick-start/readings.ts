import { Subject } from 'rxjs';

export interface Reading {
  readonly deviceId: string;
  readonly celsius: number;
  /** Who took it in. */
  readonly worker: string;
}

/** The latest reading of every device. */
export class Readings {
  /** Every reading, as it comes in. */
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

/** One for both workers, in place of the database that they would share. */
export const readings = new Readings();
