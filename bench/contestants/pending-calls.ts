import type { Reading } from './contestant.js';

const CORRELATION_BYTES = 4;

/** Calls of a hand-written requester that wait for their replies: Correlation Data is a counter. */
export class PendingCalls {
  private readonly waiting = new Map<number, (reply: Reading) => void>();
  private count = 0;

  /** @returns Correlation Data of the call that is resolved */
  open(resolve: (reply: Reading) => void): Buffer {
    const correlationData = Buffer.allocUnsafe(CORRELATION_BYTES);
    correlationData.writeUInt32BE(++this.count);
    this.waiting.set(this.count, resolve);
    return correlationData;
  }

  settle(correlationData: Buffer, payload: Buffer | string): void {
    const id = correlationData.readUInt32BE();
    this.waiting.get(id)!(JSON.parse(payload.toString()) as Reading);
    this.waiting.delete(id);
  }
}
