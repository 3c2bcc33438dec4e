/** How keys and values go in and out, whatever the database has as its default. */
export interface LevelEncodings {
  readonly keyEncoding: 'utf8';
  readonly valueEncoding: 'buffer';
}

/** One change of the database. */
export type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: string };

/** What is needed of a database of `classic-level`, or of a sublevel of it. */
export interface LevelClient {
  /** Makes all changes at once, or none. */
  batch(operations: LevelOperation[], options: LevelEncodings & { readonly sync: boolean }): Promise<unknown>;
  /** Keys, in order. */
  keys(options: LevelEncodings): AsyncIterable<string>;
  /** Keys and their values, in the order of the keys. */
  iterator(options: LevelEncodings): AsyncIterable<[string, Buffer]>;
  /** The value of a key; undefined when there is none. */
  get(key: string, options: LevelEncodings): Promise<Buffer | undefined>;
}

/** @internal */
export const ENCODINGS: LevelEncodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' };
