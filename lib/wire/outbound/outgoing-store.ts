import type { IClientOptions, Packet } from 'mqtt';
import { inTime } from '../../timing/in-time.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { storedMessage, type StoredMessage } from './stored-message.js';

type Store = NonNullable<IClientOptions['outgoingStore']>;

/**
 * Wraps the application's store of unacknowledged messages (`outgoingStore`, the interface of MQTT.js). The next process with the store
 * sends them again. The store may throw, fail or hang: then messages are rejected, and the connection stays usable.
 */
export class OutgoingStore {
  private closing: Promise<void> | undefined;

  constructor(
    private readonly store: Store,
    private readonly warn: (message: string) => void,
    /** Timeout of the store, in milliseconds. */
    private readonly timeoutMs: number,
  ) {}

  /** @param done called once, never within this call */
  put(identifier: number, message: OutgoingMessage, done: (error: Error | undefined) => void): void {
    const { topic, payload, qos, retain, properties } = message;
    const packet: Packet = { cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: identifier };
    if (properties) packet.properties = properties;
    let settled = false;
    const late = (): void =>
      settle(new Error(`The outgoingStore did not store the message within ${this.timeoutMs} ms.`));
    const timer = setTimeout(late, this.timeoutMs);
    const settle = (error?: Error | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      process.nextTick(done, error ?? undefined);
    };
    try {
      this.store.put(packet, settle);
    } catch (error) {
      settle(error as Error);
    }
  }

  /** PUBREC has arrived: from now on the PUBREL is sent again, not the message. */
  release(identifier: number): void {
    this.attempt('update', () => this.store.put({ cmd: 'pubrel', messageId: identifier }, (error) => this.note(error)));
  }

  delete(identifier: number): void {
    this.attempt('update', () => this.store.del({ messageId: identifier }, (error) => this.note(error)));
  }

  /** The messages of an earlier process, in the order of the store; none if the store fails or hangs. */
  async messages(): Promise<StoredMessage[]> {
    const { timeoutMs } = this;
    try {
      return await inTime(this.read(), { what: 'The outgoingStore', timeoutMs });
    } catch (error) {
      this.warn(`${(error as Error).message}: stored messages are not sent.`);
      return [];
    }
  }

  private async read(): Promise<StoredMessage[]> {
    const stored: StoredMessage[] = [];
    let unknown = 0;
    try {
      for await (const packet of this.store.createStream() as AsyncIterable<unknown>) {
        const message = storedMessage(packet);
        if (message) stored.push(message);
        else unknown++;
      }
    } catch (error) {
      this.warn(`The outgoingStore cannot be read: ${(error as Error).message}`);
    }
    if (unknown > 0)
      this.warn(`The outgoingStore holds ${unknown} that are no QoS 1 or 2 messages: they are not sent.`);
    return stored;
  }

  /** Resolves when the store says that everything is written, or does not say so in time. Never rejects. */
  close(): Promise<void> {
    return (this.closing ??= this.closeStore());
  }

  private async closeStore(): Promise<void> {
    const closed = (): Promise<void> =>
      new Promise((resolve, reject) => this.store.close((error) => (error ? reject(error) : resolve())));
    try {
      await inTime(closed(), { what: 'The outgoingStore', timeoutMs: this.timeoutMs });
    } catch (error) {
      this.warn(`The outgoingStore failed to close: ${(error as Error).message}`);
    }
  }

  private note(error: Error | null | undefined): void {
    if (error) this.warn(`The outgoingStore failed: ${error.message}`);
  }

  private attempt(what: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.warn(`The outgoingStore failed to ${what}: ${(error as Error).message}`);
    }
  }
}
