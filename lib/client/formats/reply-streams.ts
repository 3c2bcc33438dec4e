/** The stream of one responder: its numbering stands by itself, for several may answer one request. */
export interface ReplyStream {
  /** How the responder names itself; undefined for one that does not. */
  readonly responder: string | undefined;
  /** Topic on which the stream is cancelled. */
  readonly controlTopic: string | undefined;
  /** Number of its next value. */
  nextIndex: number;
  /** Whether the responder has said that nothing more comes. */
  ended: boolean;
}

/**
 * The stream that value number `index` belongs to. A responder that does not name itself begins another stream with a value 0 that
 * announces another control topic; its later values belong where their number is awaited.
 */
export function streamOf(
  streams: ReplyStream[],
  responder: string | undefined,
  controlTopic: string | undefined,
  index: number,
): ReplyStream {
  let known: ReplyStream | undefined;
  for (const stream of streams) {
    if (stream.responder !== responder) continue;
    if (responder !== undefined) return stream;
    if (index === 0 && controlTopic !== undefined) {
      if (stream.controlTopic === controlTopic) return stream; // a duplicate
    } else if (stream.nextIndex === index && !stream.ended) return stream;
    else if (!known || stream.nextIndex > known.nextIndex) known = stream; // a duplicate of one of its values, or a gap
  }
  if (known) return known;
  const stream = { responder, controlTopic, nextIndex: 0, ended: false };
  streams.push(stream);
  return stream;
}
