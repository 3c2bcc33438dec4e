import { createHash } from 'node:crypto';

/** Maximum number of messages with pending copies; copies of QoS 0 messages may never arrive. */
const MAX_AWAITED = 10_000;

/**
 * Recognises the first copy of a message, when a broker sends one copy for each matching subscription and the copies do not identify
 * the subscription (3.1.1). Of the equal copies on one topic, every `k`-th is a new message: each message is handled exactly once, in
 * whatever order copies of equal messages arrive.
 */
export class CopyCounter {
  private readonly awaited = new Map<string, number>();

  /** @param copies number of copies that the broker sends of each message on this topic */
  isFirst(topic: string, payload: Buffer, copies: number): boolean {
    const key = `${createHash('sha1').update(payload).digest('base64')}${topic}`;
    const remaining = this.awaited.get(key) ?? 0;
    if (remaining === 0) {
      if (copies > 1) this.expect(key, copies - 1);
      return true;
    }
    if (remaining === 1) this.awaited.delete(key);
    else this.awaited.set(key, remaining - 1);
    return false;
  }

  /** Pending copies of the previous connection no longer arrive. */
  clear(): void {
    this.awaited.clear();
  }

  private expect(key: string, copies: number): void {
    if (this.awaited.size >= MAX_AWAITED) {
      for (const oldest of this.awaited.keys()) {
        this.awaited.delete(oldest);
        break;
      }
    }
    this.awaited.set(key, copies);
  }
}
