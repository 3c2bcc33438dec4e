import { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import type { IStore } from 'mqtt';
import type { Packet } from 'mqtt-packet';
import { ENCODINGS, type LevelClient } from './level-client.js';
import { decodePacket, encodePacket } from './stored-packet.js';
import { WriteQueue } from './write-queue.js';

type Identified = Pick<Packet, 'messageId'>;

/** Options of {@link LevelOutgoingStore}. */
export interface LevelOutgoingOptions {
  /**
   * Whether each write waits for the disk (`fsync`), so that messages survive a power failure. Without it they survive the end of the
   * process, including `kill -9`. Default `false`.
   */
  sync?: boolean;
}

/** Keys are padded because they are sorted as text. */
const DIGITS = 16;

/**
 * An `outgoingStore` on disk: queued and in-flight messages at QoS 1 and 2 survive `kill -9`, in the order in which they were published.
 * The application opens the `classic-level` database and closes it after the connection. The database must contain nothing else: use a
 * sublevel if it does.
 *
 * @example
 * ```ts
 * const db = new ClassicLevel('/var/lib/plant/outgoing');
 * const client = new ClientMqtt({
 *   clientId: 'plant-1',
 *   clean: false,
 *   properties: { sessionExpiryInterval: 86_400 },
 *   outgoingStore: new LevelOutgoingStore(db),
 * });
 * ```
 */
export class LevelOutgoingStore implements IStore {
  private readonly writes: WriteQueue;
  /** Key of each Packet Identifier. */
  private readonly keys = new Map<number, string>();
  private last = 0;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly db: LevelClient,
    { sync = false }: LevelOutgoingOptions = {},
  ) {
    this.writes = new WriteQueue(db, sync);
  }

  /** Stores a packet: a PUBLISH at the end, a PUBREL in place of its PUBLISH. Calls back when it is written. */
  put(packet: Packet, done: (error?: Error) => void): this {
    callbackify(() => this.write(packet))((error) => done(error ?? undefined));
    return this;
  }

  /** All stored packets, in order. Fails at the end if some cannot be read. */
  createStream(): ReturnType<IStore['createStream']> {
    return Readable.from(this.packets()) as ReturnType<IStore['createStream']>;
  }

  /** Deletes a packet, if it is stored. */
  del(packet: Pick<Packet, 'messageId'>, done: (error?: Error, packet?: Packet) => void): this {
    callbackify(() => this.delete(packet))((error) => done(error ?? undefined));
    return this;
  }

  /** Calls back with the packet of a Packet Identifier, or with an error if there is none. */
  get(packet: Pick<Packet, 'messageId'>, done: (error?: Error, packet?: Packet) => void): this {
    callbackify(() => this.find(packet))((error, found) => done(error ?? undefined, found));
    return this;
  }

  /** Calls back when all writes are done. The database stays open. */
  close(done: (error?: Error) => void): void {
    callbackify(() => this.flush())((error) => done(error ?? undefined));
  }

  private async write(packet: Packet): Promise<void> {
    await this.readKeys(); // the keys of an earlier process must be known before the first write
    const value = encodePacket(packet);
    await this.writes.add({ type: 'put', key: this.keyFor(packet), value });
  }

  private async delete(packet: Identified): Promise<void> {
    await this.readKeys();
    const identifier = identifierOf(packet);
    const key = this.keys.get(identifier);
    if (key === undefined) return;
    this.keys.delete(identifier);
    await this.writes.add({ type: 'del', key });
  }

  private async *packets(): AsyncGenerator<Packet> {
    await this.readKeys();
    await this.flush();
    let unreadable = 0;
    let cause: unknown;
    for await (const [key, value] of this.db.iterator(ENCODINGS)) {
      try {
        yield decodePacket(value);
      } catch (error) {
        unreadable++;
        cause = new Error(`The message under the key "${key}" cannot be read`, { cause: error });
      }
    }
    if (unreadable > 0)
      throw new Error(`${unreadable} stored messages cannot be read; they stay in the database`, { cause });
  }

  private async flush(): Promise<void> {
    await this.reading?.catch(() => {}); // reported to the callers that wait for it
    await this.writes.whenEmpty();
  }

  private async find(packet: Identified): Promise<Packet> {
    await this.readKeys();
    const identifier = identifierOf(packet);
    await this.writes.whenEmpty();
    const key = this.keys.get(identifier);
    const value = key === undefined ? undefined : await this.db.get(key, ENCODINGS);
    if (value === undefined) throw new Error(`No packet with the identifier ${identifier} is stored`);
    return decodePacket(value);
  }

  /** Reads the keys once, and again after a failure. */
  private readKeys(): Promise<void> {
    return (this.reading ??= this.readAllKeys().catch((error: unknown) => {
      this.reading = undefined;
      throw error;
    }));
  }

  private async readAllKeys(): Promise<void> {
    for await (const key of this.db.keys(ENCODINGS)) {
      const [place, identifier] = key.split(':').map(Number);
      if (!Number.isSafeInteger(place) || !Number.isSafeInteger(identifier))
        throw new Error(
          `LevelOutgoingStore: the database contains other data, under the key "${key}". Give it its own database, or a sublevel.`,
        );
      this.keys.set(identifier!, key);
      this.last = place!;
    }
  }

  private keyFor(packet: Packet): string {
    const identifier = identifierOf(packet);
    const known = this.keys.get(identifier);
    if (known !== undefined && packet.cmd !== 'publish') return known;
    const key = `${String(++this.last).padStart(DIGITS, '0')}:${identifier}`;
    this.keys.set(identifier, key);
    return key;
  }
}

function identifierOf({ messageId }: Identified): number {
  if (messageId === undefined) throw new TypeError('LevelOutgoingStore: the packet has no Packet Identifier.');
  return messageId;
}
