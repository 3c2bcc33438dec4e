import { BackpressureError } from '../../errors/backpressure.error.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { OutgoingStore } from './outgoing-store.js';
import type { StoredMessage } from './stored-message.js';
import type { PacketIdentifiers } from './packet-identifiers.js';

/** Identifiers that waiting messages may have; SUBSCRIBE needs some too, and without it nothing is sent. */
const MAX_KEPT = 65_000;

/** Where a waiting message stands with the store. */
export interface KeptMessage {
  readonly message: OutgoingMessage;
  /** Its Packet Identifier; undefined until what an earlier process has left is read. */
  identifier: number | undefined;
  /** Whether the store has it, so that it may be sent. */
  stored: boolean;
  /** Whether it no longer waits. */
  left: boolean;
}

interface DurableQueueParts {
  readonly store: OutgoingStore;
  readonly identifiers: PacketIdentifiers;
  /** Takes over a message that an earlier process has left. */
  readonly adopt: (stored: StoredMessage) => void;
  /** The store has one more. */
  readonly onKept: () => void;
  /** One cannot be stored. Called once for a message that still waits, never within {@link DurableQueue.keep}. */
  readonly onFailed: (kept: KeptMessage, error: Error) => void;
}

/**
 * Puts QoS 1 and 2 messages that wait into the application's store, each with the Packet Identifier with which it is sent. It takes
 * none before the store is read, for what an earlier process has left in it has identifiers too.
 *
 * @internal
 */
export class DurableQueue {
  /** Whether what an earlier process has left has been taken over. */
  read = false;
  private reading: Promise<void> | undefined;
  private unread = new Set<KeptMessage>();
  private count = 0;
  private ended = false;

  constructor(private readonly parts: DurableQueueParts) {}

  /** Takes over what an earlier process has left, once. */
  takeOver(): Promise<void> {
    return (this.reading ??= this.readStore());
  }

  /** A message waits from now on. */
  keep(message: OutgoingMessage): KeptMessage {
    const kept: KeptMessage = { message, identifier: undefined, stored: false, left: false };
    if (this.read) this.put(kept);
    else {
      this.unread.add(kept);
      void this.takeOver();
    }
    return kept;
  }

  /** The message's turn has come: it keeps its place in the store and its identifier. */
  sent(kept: KeptMessage): void {
    kept.left = true;
    this.count--;
  }

  /** The message is not sent: the store forgets it. */
  drop(kept: KeptMessage): void {
    kept.left = true;
    this.unread.delete(kept);
    if (kept.stored) this.forget(kept); // else when the store has answered, lest it is stored after it was deleted
  }

  /** What the store has stays there for the next process. */
  end(): void {
    this.ended = true;
    this.unread.clear();
  }

  private async readStore(): Promise<void> {
    const stored = await this.parts.store.messages();
    if (this.ended) return;
    for (const message of stored) this.parts.adopt(message);
    this.read = true;
    const waiting = this.unread;
    this.unread = new Set();
    for (const kept of waiting) if (!kept.left) this.put(kept);
  }

  private put(kept: KeptMessage): void {
    const identifier = this.count < MAX_KEPT ? this.take() : undefined;
    if (identifier === undefined) {
      const what = `No Packet Identifier is free for the message to "${kept.message.topic}"`;
      const error = new BackpressureError('the number of Packet Identifiers', MAX_KEPT, what);
      process.nextTick(() => this.failed(kept, error));
      return;
    }
    this.count++;
    kept.identifier = identifier;
    this.parts.store.put(identifier, kept.message, (error) => {
      if (this.ended) return;
      if (kept.left || error) this.forget(kept);
      if (error) this.failed(kept, error);
      if (error || kept.left) return;
      kept.stored = true;
      this.parts.onKept();
    });
  }

  /** @returns undefined also when the application's `messageIdProvider` throws */
  private take(): number | undefined {
    try {
      return this.parts.identifiers.take();
    } catch {
      return undefined;
    }
  }

  private forget({ identifier }: KeptMessage): void {
    this.count--;
    this.parts.store.delete(identifier!);
    this.parts.identifiers.free(identifier!);
  }

  private failed(kept: KeptMessage, error: Error): void {
    if (kept.left) return;
    kept.left = true;
    this.parts.onFailed(kept, error);
  }
}
