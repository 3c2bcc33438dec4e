import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import sqlite, { type Database as SqliteDatabase, type JSValue } from 'node-sqlite3-wasm';
import { Settings } from './settings.js';

const SCHEMA = `
  create table if not exists readings (
    id text primary key,
    device text not null,
    celsius real not null,
    at text not null
  ) strict;
  create index if not exists readings_by_device on readings (device, at desc);
`;

/** SQLite inside this process, so that the sample needs no server. */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly sqlite: SqliteDatabase;

  constructor(settings: Settings) {
    this.sqlite = new sqlite.Database(settings.database);
    this.sqlite.exec(SCHEMA);
  }

  all<Row>(sql: string, values: JSValue[] = []): Row[] {
    return this.sqlite.all(sql, values) as Row[];
  }

  /** Runs a statement for each set of values in one transaction: all rows are on disk when it returns, none if it throws. */
  runAll(sql: string, sets: readonly JSValue[][]): void {
    this.sqlite.exec('begin');
    try {
      for (const values of sets) this.sqlite.run(sql, values);
      this.sqlite.exec('commit');
    } catch (error) {
      this.sqlite.exec('rollback');
      throw error;
    }
  }

  /** Closes in the last hook, when servers have closed and no handler is running. */
  onApplicationShutdown(): void {
    this.sqlite.close();
  }
}
