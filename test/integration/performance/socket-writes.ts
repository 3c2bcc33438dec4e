import type { Writable } from 'node:stream';
import { parser, type Packet } from 'mqtt-packet';
import type { ServerMqtt } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';

/** What one write to a socket, which is one call of the operating system, consists of. */
export type Write = readonly Packet['cmd'][];

type WritableInternals = Pick<Writable, '_write'> & Required<Pick<Writable, '_writev'>>;

/** Notes every write of a connected server or client from now on. */
export function noteWrites(link: NonNullable<ServerMqtt['runtime']>['link']): Journal<Write> {
  const writes = new Journal<Write>();
  const { connection } = link;
  const stream = connection['network']!['stream'];
  const packets = parser({ protocolVersion: connection.protocolVersion });
  let write: Packet['cmd'][] = [];
  packets.on('packet', ({ cmd }) => write.push(cmd));
  const note = (chunks: readonly { chunk: Buffer }[]): void => {
    write = [];
    for (const { chunk } of chunks) packets.parse(chunk);
    writes.add(write);
  };
  const socket = stream as unknown as WritableInternals;
  const { _write, _writev } = socket;
  socket._write = function (this: Writable, chunk, encoding, callback) {
    note([{ chunk: chunk as Buffer }]);
    _write.call(this, chunk, encoding, callback);
  };
  socket._writev = function (this: Writable, chunks, callback) {
    note(chunks);
    _writev.call(this, chunks, callback);
  };
  return writes;
}
