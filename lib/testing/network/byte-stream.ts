import type { Duplex } from 'node:stream';

/** How long a client may take to read the last bytes and close, in milliseconds. */
const LINGER_MS = 100;

/** The bytes of a Network Connection over any stream; can be frozen. */
export class ByteStream {
  /** Resolves when the stream is closed. */
  readonly closed: Promise<void>;
  /** Writes that wait while frozen. */
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

  /** Continues after a freeze. */
  thaw(): void {
    const held = this.held ?? [];
    this.held = undefined;
    if (this.stream.destroyed) return;
    for (const bytes of held) this.stream.write(bytes);
    this.stream.resume();
  }

  /** Closes at once, or (`flush`) after the peer has had time to read the written bytes. */
  close({ flush }: { flush: boolean }): void {
    if (!flush || this.held) return void this.stream.destroy();
    this.stream.resume(); // with unread bytes the socket would be reset, and the client would lose the last packet
    this.stream.end();
    const linger = setTimeout(() => this.stream.destroy(), LINGER_MS);
    this.stream.once('close', () => clearTimeout(linger));
  }
}
