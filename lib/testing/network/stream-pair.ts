import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** One end of a connection without a socket: written bytes are read at the other end, in a later turn of the event loop. */
class StreamEnd extends Duplex {
  peer!: StreamEnd;
  private awaitingReader: Done | undefined;
  private sawEnd = false;

  constructor() {
    super({ allowHalfOpen: false });
  }

  override _read(): void {
    const done = this.awaitingReader;
    this.awaitingReader = undefined;
    done?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    setImmediate(() => this.peer.arrive(chunk, done));
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: Done): void {
    setImmediate(() => this.peer.arrive(null, done));
  }

  override _destroy(error: Error | null, done: Done): void {
    this._read(); // completes a write that waits for a closed reader
    setImmediate(() => this.peer.arrive(null, () => {}));
    done(error);
  }

  private arrive(chunk: Buffer | null, done: Done): void {
    const over = this.destroyed || this.readableEnded || this.sawEnd;
    this.sawEnd ||= chunk === null;
    if (over || this.push(chunk) || chunk === null) done();
    else this.awaitingReader = done;
  }
}

/** Two connected streams: a network connection within the process. */
export function createStreamPair(): [Duplex, Duplex] {
  const [left, right] = [new StreamEnd(), new StreamEnd()];
  left.peer = right;
  right.peer = left;
  return [left, right];
}
