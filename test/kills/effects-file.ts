import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Ledger } from './ledger.js';
import type { WorkNotes } from './work.js';

const CHUNK_BYTES = 65_536;

/**
 * Notes of a process that may be killed: there for good when the call returns, whatever becomes of the process.
 *
 * @param life which process it is, in the line of those that are killed one after another
 */
export function notesIn(path: string, life: number): WorkNotes {
  const file = openSync(path, 'a');
  const note = (what: string, topic: string, n: number): void =>
    void writeSync(file, `${life} ${what} ${topic} ${n}\n`);
  return { begin: (topic, n) => note('begin', topic, n), end: (topic, n) => note('end', topic, n) };
}

/** What all those processes have noted, in order, for the ledger. */
export class EffectsFile {
  private readonly file: number;
  private position = 0;
  private rest = '';

  constructor(
    readonly path: string,
    private readonly ledger: Ledger,
  ) {
    this.file = openSync(path, 'a+');
  }

  /** Takes over what has been added. */
  read(): void {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const bytes = readSync(this.file, chunk, 0, CHUNK_BYTES, this.position);
      if (bytes === 0) return;
      this.position += bytes;
      const lines = (this.rest + chunk.toString('latin1', 0, bytes)).split('\n');
      this.rest = lines.pop()!;
      for (const line of lines) this.take(line);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private take(line: string): void {
    const [life = '', what, topic = '', n = ''] = line.split(' ');
    if (what === 'begin') this.ledger.begin(topic, Number(n), Number(life));
    else this.ledger.end(topic, Number(n));
  }
}
