import { randomBytes } from 'node:crypto';
import type { PendingRequest } from './pending-request.js';

const CORRELATION_BYTES = 16;
const PREFIX_BYTES = 10;
const COUNTER_VALUES = 2 ** 36;
/** ASCII, for peers that take Correlation Data for text and would not give other bytes back as they were. */
const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

/**
 * Requests whose replies are awaited, by what a reply tells of its request. On 5.0 that is the Correlation Data: one inbox belongs
 * to one process, so that the bytes alone name the request. They are a counter behind a random prefix, 16 bytes in all.
 *
 * There is room for so many; the others wait for it, in the order in which they came.
 */
export class PendingRequests {
  private readonly requests = new Map<string, PendingRequest>();
  private readonly line = new Map<PendingRequest, () => void>();
  private readonly prefix = randomBytes(PREFIX_BYTES).map((byte) => DIGITS[byte % DIGITS.length]!);
  private counter = 0;
  private admitting = false;

  /** @param bound replies that are awaited at once */
  constructor(readonly bound: number) {}

  get size(): number {
    return this.requests.size;
  }

  /** Requests that wait for room. */
  get waiting(): number {
    return this.line.size;
  }

  newCorrelationData(): Buffer {
    const data = Buffer.allocUnsafe(CORRELATION_BYTES);
    data.set(this.prefix);
    let rest = (this.counter = (this.counter + 1) % COUNTER_VALUES);
    for (let at = CORRELATION_BYTES - 1; at >= PREFIX_BYTES; at--) {
      data[at] = DIGITS[rest % DIGITS.length]!;
      rest = Math.floor(rest / DIGITS.length);
    }
    return data;
  }

  get hasRoom(): boolean {
    return this.line.size === 0 && this.requests.size < this.bound;
  }

  /** Calls back when there is room for the request, unless it has ended by then. */
  wait(request: PendingRequest, begin: () => void): void {
    this.line.set(request, begin);
  }

  isWaiting(request: PendingRequest): boolean {
    return this.line.has(request);
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

  /** The request has ended, whatever it waited for. */
  close(request: PendingRequest): void {
    if (request.key !== undefined) this.requests.delete(request.key);
    this.line.delete(request);
    if (this.line.size > 0 && !this.admitting) this.admit();
  }

  private admit(): void {
    this.admitting = true; // one that fails as it begins is closed within this loop
    for (const [request, begin] of this.line) {
      if (this.requests.size >= this.bound) break;
      this.line.delete(request);
      begin();
    }
    this.admitting = false;
  }
}

/** Correlation Data as a key. */
export function correlationKey(correlationData: Buffer): string {
  return correlationData.toString('latin1');
}
