import { randomBytes } from 'node:crypto';
import type { PendingRequest } from './pending-request.js';

const CORRELATION_BYTES = 16;
const PREFIX_BYTES = 12;
const MAX_COUNTER = 0xffff_ffff;

/**
 * Requests whose replies are awaited, by their Correlation Data. One inbox belongs to one process, so that the bytes alone name
 * the request; they are a counter behind a random prefix, 16 bytes in all.
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

  /** @returns false when another request with these bytes is still waiting */
  open(correlationData: Buffer, request: PendingRequest): boolean {
    const key = keyOf(correlationData);
    if (this.requests.has(key)) return false;
    request.correlationData = correlationData;
    this.requests.set(key, request);
    return true;
  }

  find(correlationData: Buffer): PendingRequest | undefined {
    return this.requests.get(keyOf(correlationData));
  }

  close({ correlationData }: PendingRequest): void {
    if (correlationData) this.requests.delete(keyOf(correlationData));
  }

  /** Ends all of them with an error. */
  failAll(errorOf: (request: PendingRequest) => Error): void {
    for (const request of [...this.requests.values()]) request.fail(errorOf(request));
  }
}

function keyOf(correlationData: Buffer): string {
  return correlationData.toString('latin1');
}
