import type { OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a socket reads at once, at most: 32 KiB. */
export const READ_BUFFER_BYTES = 32_768;

/** Told what comes in. The bytes are valid during the call only. */
export type OnBytes = (bytes: Buffer) => void;

/**
 * Has a socket read into one buffer, over and over, rather than into a new one each time.
 *
 * @param socketOf the socket that it is given to, which is not there yet
 */
export function readIntoOneBuffer(socketOf: () => Duplex, onBytes: OnBytes): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  return {
    buffer,
    callback: (length) => {
      deliver(buffer.subarray(0, length), socketOf(), onBytes);
      return true; // read on; pause() stops it
    },
  };
}

/** The same for a stream that comes with buffers of its own. */
export function readFrom(stream: Duplex, onBytes: OnBytes): void {
  stream.on('data', (bytes: Buffer) => deliver(bytes, stream, onBytes));
}

/** What the receiver throws ends the stream, and not the process. */
function deliver(bytes: Buffer, stream: Duplex, onBytes: OnBytes): void {
  if (stream.destroyed) return;
  try {
    onBytes(bytes);
  } catch (error) {
    stream.destroy(error as Error);
  }
}
