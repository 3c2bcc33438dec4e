/** What a client has counted since it connected. */
export interface ClientCounters {
  /** Replies that nobody waits for: late, duplicate, or of unknown Correlation Data. */
  lateReplies: number;
}
