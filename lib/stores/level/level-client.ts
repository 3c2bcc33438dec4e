/** Encodings of keys and values; they override the defaults of the database. */
export interface LevelEncodings {
  readonly keyEncoding: 'utf8';
  readonly valueEncoding: 'buffer';
}

/** One operation of a batch. */
export type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: string };

/** The used part of a database of `classic-level`, or of a sublevel. */
export interface LevelClient {
  /** Runs all operations atomically. */
  batch(operations: LevelOperation[], options: LevelEncodings & { readonly sync: boolean }): Promise<unknown>;
  /** All keys, in order. */
  keys(options: LevelEncodings): AsyncIterable<string>;
  /** All keys with their values, in the order of the keys. */
  iterator(options: LevelEncodings): AsyncIterable<[string, Buffer]>;
  /** The value of a key; undefined when there is none. */
  get(key: string, options: LevelEncodings): Promise<Buffer | undefined>;
}

/** @internal */
export const ENCODINGS: LevelEncodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' };
