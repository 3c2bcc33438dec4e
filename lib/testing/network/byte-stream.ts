import type { Duplex } from 'node:stream';

/** How long a client may take to read the last bytes and close, in milliseconds. */
const LINGER_MS = 100;

/** The bytes of a Network Connection, whatever carries them; can play dead. */
export class ByteStream {
  /** Resolves when nothing is left of it. */
  readonly closed: Promise<void>;
  /** What would have been written while frozen. */
  private held: Buffer[] | undefined;

  constructor(private readonly stream: Duplex) {
    this.closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', () => {}); // 'close' follows
  }

  get isFrozen(): boolean {
    return this.held !== undefined;
  }

  get isClosed(): boolean {
    return this.stream.destroyed;
  }

  open(onBytes: (bytes: Buffer) => void, onClose: () => void): void {
    this.stream.on('data', onBytes);
    this.stream.on('close', onClose);
  }

  write(bytes: Buffer): void {
    if (this.held) this.held.push(bytes);
    else this.stream.write(bytes);
  }

  /** Stops reading and writing. */
  freeze(): void {
    this.held ??= [];
    this.stream.pause();
  }

  /** Goes on where it stopped. */
  thaw(): void {
    const held = this.held ?? [];
    this.held = undefined;
    if (this.stream.destroyed) return;
    for (const bytes of held) this.stream.write(bytes);
    this.stream.resume();
  }

  /** At once, or (`flush`) when the other side has had the time to read what was written. */
  close({ flush }: { flush: boolean }): void {
    if (!flush || this.held) return void this.stream.destroy();
    this.stream.resume(); // unread bytes would turn the close into a reset, and the client would miss the last packet
    this.stream.end();
    const linger = setTimeout(() => this.stream.destroy(), LINGER_MS);
    this.stream.once('close', () => clearTimeout(linger));
  }
}
