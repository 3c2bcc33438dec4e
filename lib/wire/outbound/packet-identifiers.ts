import type { IClientOptions } from 'mqtt';

type MessageIdProvider = NonNullable<IClientOptions['messageIdProvider']>;

/** Largest Packet Identifier (section 2.2.1). */
export const MAX_IDENTIFIER = 65_535;

/**
 * Packet Identifiers of one connection, for the data plane and for MQTT.js: none is given out while another packet has it
 * [MQTT-2.2.1-3], however often they come round.
 *
 * MQTT.js forgets its identifiers with every network connection. Those of messages outlive it, for they are sent again.
 */
export class PacketIdentifiers {
  /** What MQTT.js takes its identifiers from. */
  readonly control: MessageIdProvider;
  private readonly taken = new Set<number>();
  private readonly takenByControl = new Set<number>();
  private last = 0;

  /** @param provider of the application; default: the numbers from 1 to 65,535, round and round */
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

  /** @returns undefined when all are taken */
  take(): number | undefined {
    const identifier = this.next();
    if (identifier !== undefined) this.taken.add(identifier);
    return identifier;
  }

  /** Takes the identifier that a stored message has. */
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

  /** A provider may give anything: what is no identifier is none that is free. */
  private candidate(): number | undefined {
    if (!this.provider) return (this.last = (this.last % MAX_IDENTIFIER) + 1);
    const identifier = this.provider.allocate();
    const valid = Number.isInteger(identifier) && identifier! >= 1 && identifier! <= MAX_IDENTIFIER;
    return valid ? identifier! : undefined;
  }
}
