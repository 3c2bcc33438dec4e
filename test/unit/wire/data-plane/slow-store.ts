import { Readable } from 'node:stream';
import type { IClientOptions, Packet } from 'mqtt';

type Store = NonNullable<IClientOptions['outgoingStore']>;
type Done = (error?: Error) => void;

/** An `outgoingStore` that takes a turn of the event loop for everything, as one on a disk does. */
export class SlowStore {
  readonly packets = new Map<number, Packet>();

  /** As MQTT.js takes it. */
  get real(): Store {
    return this as unknown as Store;
  }

  put(packet: Packet, done: Done): this {
    this.packets.set(packet.messageId!, packet);
    setImmediate(done);
    return this;
  }

  del({ messageId }: { messageId: number }, done: Done): this {
    this.packets.delete(messageId);
    setImmediate(done);
    return this;
  }

  createStream(): Readable {
    return Readable.from([...this.packets.values()]);
  }

  close(done: Done): void {
    setImmediate(done);
  }
}
