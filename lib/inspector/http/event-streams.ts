import type { ServerResponse } from 'node:http';

/** Concurrent viewers; each is an open HTTP response. */
const MAX_VIEWERS = 100;
/** A viewer that has not read for so many milliseconds is disconnected. */
const MAX_STALLED_MS = 30_000;

/** One viewer, as Server-Sent Events. A viewer that does not read is sent no further frame until it does, so at most one frame is buffered. */
export class EventStream {
  private stalledSince: number | undefined;
  private ended = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly onEnd: () => void,
  ) {
    response.on('drain', () => (this.stalledSince = undefined));
    response.once('close', () => this.close());
    response.on('error', () => this.close());
  }

  get reads(): boolean {
    return this.stalledSince === undefined;
  }

  /** @returns whether the frame was written */
  send(frame: string): boolean {
    if (this.ended) return false;
    if (this.stalledSince !== undefined) {
      if (Date.now() - this.stalledSince > MAX_STALLED_MS) this.response.destroy();
      return false;
    }
    if (!this.response.write(frame)) this.stalledSince = Date.now();
    return true;
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.response.destroy();
    this.onEnd();
  }
}

/** A Server-Sent Event with a value in JSON, which contains no line feed. */
export function frameOf(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
}

/** The connected viewers. */
export class EventStreams {
  private readonly streams = new Set<EventStream>();

  get size(): number {
    return this.streams.size;
  }

  get isFull(): boolean {
    return this.streams.size >= MAX_VIEWERS;
  }

  add(response: ServerResponse, onEnd: () => void): EventStream {
    const stream: EventStream = new EventStream(response, () => {
      this.streams.delete(stream);
      onEnd();
    });
    this.streams.add(stream);
    return stream;
  }

  send(frame: string): void {
    for (const stream of this.streams) stream.send(frame);
  }

  close(): void {
    for (const stream of this.streams) stream.close();
  }
}
