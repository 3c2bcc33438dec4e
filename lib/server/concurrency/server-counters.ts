/** Counters of a server since its start. */
export interface ServerCounters {
  /** Received messages. */
  received: number;
  /** Successful handlers. */
  succeeded: number;
  /** Failed handlers, without retries. */
  failed: number;
  /** QoS 0 messages that were dropped because the buffer was full. */
  dropped: number;
  /** Requests that were not handled because of their Response Topic. */
  refusedRequests: number;
  /** Messages that were larger than `maxPayloadBytes`. */
  oversized: number;
  /** Messages without a matching handler. */
  stale: number;
}

export function newServerCounters(): ServerCounters {
  return { received: 0, succeeded: 0, failed: 0, dropped: 0, refusedRequests: 0, oversized: 0, stale: 0 };
}
