/** How a letter is replayed. */
export interface ReplayOptions {
  /** In place of the whole payload, encoded by the handler's codec. Default: the payload as it was. */
  data?: unknown;
  /**
   * `'handler'` runs the handler in this process, with guards, pipes and retries, and nobody else sees the message again: nothing is
   * replied. `'topic'` publishes the message to the topic that it came on, for all subscribers. Default `'handler'`.
   */
  to?: 'handler' | 'topic';
  /**
   * In place of `deadLetters.maxReplays` of the server. Repair first: every replay that fails counts, and so does one that a crash
   * ends. `Infinity` for no bound.
   */
  maxReplays?: number | undefined;
}

/** How many letters are replayed. */
export interface ReplayAllOptions extends Pick<ReplayOptions, 'to' | 'maxReplays'> {
  /** Replays that begin in a second. Default 100. */
  perSecond?: number | undefined;
  /** Once aborted, no replay begins any more, and what has begun ends. */
  signal?: AbortSignal | undefined;
  /** Told after each letter. What it throws ends the run. */
  onProgress?: ((progress: ReplayProgress) => void) | undefined;
}

/** What `replayAll()` has done. Each letter counts once. */
export interface ReplayProgress {
  /** Letters that are gone: their handler, or the broker, has taken them. */
  readonly replayed: number;
  /** Letters that have failed, are still there, and can be replayed again. */
  readonly failed: number;
  /** Letters that have reached `maxReplays`, and are still there: they were passed by, or have failed for the last time. */
  readonly exhausted: number;
  /** Letters that were passed by: somebody else has replayed or discarded them, or has claimed them and they may still be there. */
  readonly skipped: number;
  /** Why the latest letter that is still there was not replayed, those of others left out. */
  readonly lastError: Error | undefined;
}
