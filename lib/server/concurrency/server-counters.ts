/** What a server has counted since it started. */
export interface ServerCounters {
  /** Messages that came in. */
  received: number;
  /** Handlers that have ended well. */
  succeeded: number;
  /** Handlers that have failed, retries not counted. */
  failed: number;
  /** QoS 0 messages that were dropped because the buffer was full. */
  dropped: number;
  /** Requests that were not run because of their Response Topic. */
  refusedRequests: number;
  /** Messages that were larger than `maxPayloadBytes`. */
  oversized: number;
  /** Messages that no handler takes. */
  stale: number;
}

export function newServerCounters(): ServerCounters {
  return { received: 0, succeeded: 0, failed: 0, dropped: 0, refusedRequests: 0, oversized: 0, stale: 0 };
}
