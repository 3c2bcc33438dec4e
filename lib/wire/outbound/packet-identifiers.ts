import type { IClientOptions } from 'mqtt';

type MessageIdProvider = NonNullable<IClientOptions['messageIdProvider']>;

/** Largest Packet Identifier (section 2.2.1). */
export const MAX_IDENTIFIER = 65_535;

/**
 * Packet Identifiers of one connection, shared by the data plane and MQTT.js: an identifier in use is not assigned to another packet
 * [MQTT-2.2.1-3].
 *
 * MQTT.js resets its identifiers with every network connection. Those of messages are kept, because messages are sent again.
 */
export class PacketIdentifiers {
  /** The provider for MQTT.js. */
  readonly control: MessageIdProvider;
  private readonly taken = new Set<number>();
  private readonly takenByControl = new Set<number>();
  private last = 0;

  /** @param provider provider of the application; default: the numbers from 1 to 65,535 in turn */
  constructor(private readonly provider?: MessageIdProvider) {
    let lastAllocated = 0;
    this.control = {
      allocate: () => {
        const identifier = this.next();
        if (identifier === undefined) return null;
        this.takenByControl.add(identifier);
        return (lastAllocated = identifier);
      },
      getLastAllocated: () => lastAllocated,
      register: (identifier) => {
        if (this.isTaken(identifier)) return false;
        this.takenByControl.add(identifier);
        return true;
      },
      deallocate: (identifier) => {
        if (this.takenByControl.delete(identifier)) this.tellFree(identifier);
      },
      clear: () => {
        for (const identifier of this.takenByControl) this.tellFree(identifier);
        this.takenByControl.clear();
      },
    };
  }

  /** @returns undefined when all are in use */
  take(): number | undefined {
    const identifier = this.next();
    if (identifier !== undefined) this.taken.add(identifier);
    return identifier;
  }

  /** Marks the identifier of a stored message as used. */
  claim(identifier: number): void {
    this.taken.add(identifier);
    try {
      this.provider?.register(identifier);
    } catch {
      // it is taken all the same
    }
  }

  free(identifier: number): void {
    if (this.taken.delete(identifier)) this.tellFree(identifier);
  }

  /** It is free, also when the application's provider throws. */
  private tellFree(identifier: number): void {
    try {
      this.provider?.deallocate(identifier);
    } catch {
      // no acknowledgement gets lost over it
    }
  }

  private isTaken(identifier: number): boolean {
    return this.taken.has(identifier) || this.takenByControl.has(identifier);
  }

  private next(): number | undefined {
    for (let tried = 0; tried < MAX_IDENTIFIER; tried++) {
      const identifier = this.candidate();
      if (identifier === undefined) return undefined;
      if (!this.isTaken(identifier)) return identifier;
    }
    return undefined;
  }

  /** A provider may return any value: an invalid one counts as none free. */
  private candidate(): number | undefined {
    if (!this.provider) return (this.last = (this.last % MAX_IDENTIFIER) + 1);
    const identifier = this.provider.allocate();
    const valid = Number.isInteger(identifier) && identifier! >= 1 && identifier! <= MAX_IDENTIFIER;
    return valid ? identifier! : undefined;
  }
}
