import type { OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** Maximum number of bytes that a socket reads at once: 32 KiB. */
export const READ_BUFFER_BYTES = 32_768;

/** Receives incoming bytes, which are valid during the call only. */
export type OnBytes = (bytes: Buffer) => void;

/**
 * Makes a socket read into one reused buffer, instead of a new buffer for each read.
 *
 * @param socketOf returns the socket, which does not exist yet
 */
export function readIntoOneBuffer(socketOf: () => Duplex, onBytes: OnBytes): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  return {
    buffer,
    callback: (length) => {
      deliver(buffer.subarray(0, length), socketOf(), onBytes);
      return true; // continue reading; pause() stops it
    },
  };
}

/** The same for a stream that allocates its own buffers. */
export function readFrom(stream: Duplex, onBytes: OnBytes): void {
  stream.on('data', (bytes: Buffer) => deliver(bytes, stream, onBytes));
}

/** An error of the receiver destroys the stream, and does not crash the process. */
function deliver(bytes: Buffer, stream: Duplex, onBytes: OnBytes): void {
  if (stream.destroyed) return;
  try {
    onBytes(bytes);
  } catch (error) {
    stream.destroy(error as Error);
  }
}
