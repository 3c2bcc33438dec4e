import { randomBytes } from 'node:crypto';
import type { PendingRequest } from './pending-request.js';

const CORRELATION_BYTES = 16;
const PREFIX_BYTES = 12;
const MAX_COUNTER = 0xffff_ffff;

/**
 * Requests whose replies are awaited, by what a reply tells of its request. On 5.0 that is the Correlation Data: one inbox belongs
 * to one process, so that the bytes alone name the request. They are a counter behind a random prefix, 16 bytes in all.
 */
export class PendingRequests {
  private readonly requests = new Map<string, PendingRequest>();
  private readonly prefix = randomBytes(PREFIX_BYTES);
  private counter = 0;

  get size(): number {
    return this.requests.size;
  }

  newCorrelationData(): Buffer {
    const data = Buffer.allocUnsafe(CORRELATION_BYTES);
    this.prefix.copy(data);
    this.counter = this.counter === MAX_COUNTER ? 0 : this.counter + 1;
    data.writeUInt32BE(this.counter, PREFIX_BYTES);
    return data;
  }

  /** @returns false when another request with this key is still waiting */
  open(key: string, request: PendingRequest): boolean {
    if (this.requests.has(key)) return false;
    request.key = key;
    this.requests.set(key, request);
    return true;
  }

  find(key: string): PendingRequest | undefined {
    return this.requests.get(key);
  }

  close({ key }: PendingRequest): void {
    if (key !== undefined) this.requests.delete(key);
  }
}

/** Correlation Data as a key. */
export function correlationKey(correlationData: Buffer): string {
  return correlationData.toString('latin1');
}
