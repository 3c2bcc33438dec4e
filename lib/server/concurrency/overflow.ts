import type { Logger } from '@nestjs/common';
import type { ResolvedServerOptions } from '../../options/server-options.js';
import type { ServerCounters } from './server-counters.js';

/** Milliseconds without a dropped message after which the next one starts a new burst. */
const BURST_ENDS_AFTER_MS = 10_000;

/** Counts the QoS 0 messages that are dropped because too many wait for a worker, and logs one warning for each burst. */
export class Overflow {
  private latest = -Infinity;

  constructor(
    private readonly buffer: ResolvedServerOptions['qos0Buffer'],
    private readonly counters: ServerCounters,
    private readonly logger: Logger,
    private readonly now: () => number = Date.now,
  ) {}

  dropped(topic: string): void {
    this.counters.dropped++;
    const now = this.now();
    if (now - this.latest > BURST_ENDS_AFTER_MS) this.report(topic);
    this.latest = now;
  }

  private report(topic: string): void {
    const { size, overflow } = this.buffer;
    const which = overflow === 'drop-oldest' ? 'the oldest' : 'the newest';
    this.logger.warn(
      `QoS 0 messages are being dropped, ${which} first, one on "${topic}": qos0Buffer holds ${size} and is full. ` +
        `${this.counters.dropped - 1} were dropped before. Raise maxConcurrency, maxWorkers or qos0Buffer.size, or use QoS 1.`,
    );
  }
}
