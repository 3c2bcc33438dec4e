import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** A stream that exists before its connection: writes wait for {@link open}. Incoming bytes do not pass through it. */
export class LateStream extends Duplex {
  private carrier: Duplex | undefined;
  private waiting: ((carrier: Duplex) => void) | undefined;

  /** @param carrier the stream that the bytes are written to; it ends together with this one */
  open(carrier: Duplex): void {
    carrier.on('error', (error) => this.destroy(error));
    carrier.on('close', () => this.destroy());
    if (this.destroyed) {
      carrier.destroy();
      return;
    }
    this.carrier = carrier;
    if (this.isPaused()) carrier.pause();
    this.waiting?.(carrier);
    this.waiting = undefined;
  }

  override pause(): this {
    this.carrier?.pause();
    return super.pause();
  }

  override resume(): this {
    this.carrier?.resume();
    return super.resume();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.whenOpen((carrier) => carrier.write(chunk, done));
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: Done): void {
    this.whenOpen((carrier) => carrier.end(done));
  }

  override _destroy(error: Error | null, done: Done): void {
    this.carrier?.destroy();
    done(error);
  }

  /** A Writable has at most one pending write. */
  private whenOpen(action: (carrier: Duplex) => void): void {
    if (this.carrier) action(this.carrier);
    else this.waiting = action;
  }
}
