import type { MqttObservedRequest, MqttRequestEnd } from '../../observing/mqtt-observed-request.js';
import { excerpt, excerptOfError } from '../views/excerpt.js';
import type { RequestView } from '../views/snapshot.js';
import { Ring } from './ring.js';

const MAX_PENDING = 1_000;
const MAX_SHOWN = 50;

/** Requests that clients make while there are viewers: the pending ones, and the latest that ended. */
export class RequestRecords {
  private pending = new Set<RequestView>();
  private ended = new Ring<RequestView>(MAX_SHOWN);
  private latest = 0;

  begin({ topic, timeoutMs }: MqttObservedRequest): ((end: MqttRequestEnd) => void) | undefined {
    if (this.pending.size >= MAX_PENDING) return undefined;
    const { pending, ended } = this;
    const start = performance.now();
    const request: RequestView = {
      id: ++this.latest,
      at: Date.now(),
      topic: excerpt(topic),
      timeoutMs: Number.isFinite(timeoutMs) ? timeoutMs : undefined,
      outcome: undefined,
      durationMs: undefined,
      error: undefined,
    };
    pending.add(request);
    return ({ outcome, error }) => {
      if (!pending.delete(request)) return;
      const told = error && excerptOfError(error);
      ended.push({ ...request, outcome, durationMs: performance.now() - start, error: told });
    };
  }

  clear(): void {
    this.pending = new Set();
    this.ended = new Ring(MAX_SHOWN);
  }

  /** Pending requests first, oldest first. */
  view(): RequestView[] {
    return [...[...this.pending].slice(0, MAX_SHOWN), ...this.ended.latest()];
  }
}
