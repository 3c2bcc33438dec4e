import type { IClientOptions, Packet } from 'mqtt';
import { inTime } from '../../timing/in-time.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';

type Store = NonNullable<IClientOptions['outgoingStore']>;
type StoredPacket = Packet & { cmd: 'publish' | 'pubrel' };

/** A message read from the store. */
export interface StoredMessage {
  readonly identifier: number;
  readonly message: OutgoingMessage;
  /** Whether PUBREC had arrived. */
  readonly released: boolean;
}

/**
 * Wraps the application's store of unacknowledged messages (`outgoingStore`, the interface of MQTT.js). The next process with the store
 * sends them again. The store may throw, fail or hang: then messages are rejected, and the connection stays usable.
 */
export class OutgoingStore {
  private closed = false;

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
    try {
      for await (const packet of this.store.createStream() as AsyncIterable<StoredPacket>) {
        if (packet.messageId === undefined) continue;
        stored.push({
          identifier: packet.messageId,
          message: messageOf(packet),
          released: packet.cmd === 'pubrel',
        });
      }
    } catch (error) {
      this.warn(`The outgoingStore cannot be read: ${(error as Error).message}`);
    }
    return stored;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.attempt('close', () => this.store.close((error) => this.note(error)));
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

/** A stored PUBREL shows only that there was a QoS 2 message. */
function messageOf(packet: StoredPacket): OutgoingMessage {
  if (packet.cmd === 'pubrel') return { topic: '', payload: '', qos: 2, retain: false };
  const { topic, payload, qos, retain, properties } = packet;
  const message = { topic, payload: revived(payload), qos, retain };
  if (!properties?.correlationData) return { ...message, ...(properties && { properties }) };
  return { ...message, properties: { ...properties, correlationData: revived(properties.correlationData) } };
}

/** Restores a Buffer that a store has serialized as JSON. */
function revived<T extends string | Buffer>(value: T): T | Buffer {
  const { type, data } = value as { type?: unknown; data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data as number[]) : value;
}
