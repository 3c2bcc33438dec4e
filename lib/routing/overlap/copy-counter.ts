import { createHash } from 'node:crypto';

/** Messages whose further copies are awaited at once; copies of QoS 0 messages may never come. */
const MAX_AWAITED = 10_000;

/**
 * Tells the first copy of a message from the others, where a broker sends one copy for each matching subscription and nothing
 * on a copy says which subscription it is for (3.1.1). Of `k` equal copies on one topic every `k`-th is a message of its own:
 * each message is told apart exactly once, in whatever order copies of equal messages come.
 */
export class CopyCounter {
  private readonly awaited = new Map<string, number>();

  /** @param copies that the broker sends of each message on this topic */
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

  /** Copies of the connection before do not come any more. */
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
