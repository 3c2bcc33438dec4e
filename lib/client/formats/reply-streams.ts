/** The stream of one responder. Several responders may reply to one request, each with its own numbering. */
export interface ReplyStream {
  /** Name of the responder (`nest-responder`), if it has sent one. */
  readonly responder: string | undefined;
  /** Topic to which a cancellation of the stream is published. */
  readonly controlTopic: string | undefined;
  /** Index of the next value. */
  nextIndex: number;
  /** Whether the responder has ended the stream. */
  ended: boolean;
}

/**
 * The stream of a value. Without a responder name, a value 0 with a new control topic starts another stream, and later values belong
 * to the stream that expects their index.
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
