import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { GroupCommit } from './group-commit.js';
import type { ReadingDto } from './reading.dto.js';

/** The latest reading of a device. */
export interface Reading {
  readonly device: string;
  readonly celsius: number;
  readonly at: string;
}

/** Ignores duplicates: QoS 1 delivers at least once. */
const INSERT = 'insert into readings (id, device, celsius, at) values (?, ?, ?, ?) on conflict (id) do nothing';

@Injectable()
export class ReadingsRepository {
  private readonly inserts = new GroupCommit<[string, string, number, string]>((rows) =>
    this.database.runAll(INSERT, rows),
  );

  constructor(private readonly database: Database) {}

  /** Resolves when the reading is on disk. */
  store(device: string, { id, celsius, at }: ReadingDto): Promise<void> {
    return this.inserts.add([id, device, celsius, at]);
  }

  latest(device: string): Reading | undefined {
    const sql = 'select device, celsius, at from readings where device = ? order by at desc limit 1';
    return this.database.all<Reading>(sql, [device])[0];
  }
}
