/** How a letter is replayed. */
export interface ReplayOptions {
  /** In place of the whole payload, encoded by the handler's codec. Default: the payload as it was. */
  data?: unknown;
  /**
   * `'handler'` runs the handler in this process, with guards, pipes and retries, and nobody else sees the message again: nothing is
   * replied. `'topic'` publishes the message to the topic that it came on, for all subscribers. Default `'handler'`.
   */
  to?: 'handler' | 'topic';
}

/** How many letters are replayed. */
export interface ReplayAllOptions extends Pick<ReplayOptions, 'to'> {
  /** Replays that begin in a second. Default 100. */
  perSecond?: number | undefined;
  /** Once aborted, no replay begins any more, and what has begun ends. */
  signal?: AbortSignal | undefined;
  /** Told after each letter. What it throws ends the run. */
  onProgress?: ((progress: ReplayProgress) => void) | undefined;
}

/** What `replayAll()` has done. */
export interface ReplayProgress {
  /** Letters that are gone: their handler, or the broker, has taken them. */
  readonly replayed: number;
  /** Letters that have failed, and are still there. */
  readonly failed: number;
  /** Letters that were passed by: somebody else replays or has replayed them, or they were replayed too often. */
  readonly skipped: number;
  /** Why the latest letter that is still there was not replayed, those of others left out. */
  readonly lastError: Error | undefined;
}
