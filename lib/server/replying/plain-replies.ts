import type { OutgoingMessage, UserProperties } from '../../protocol/application-message.js';
import { JSON_CONTENT_TYPE } from '../../serialization/codecs.js';
import { encodeWith } from '../../serialization/checked-codec.js';
import { errorToJson } from '../../serialization/error-object.js';
import { formatStreamPosition, NestProperty, type StreamPosition } from '../../serialization/wire-contract.js';
import type { ReplyDefaults, ReplyFormat, ReplyTarget } from './reply-format.js';
import { dataOf, NO_OPTIONS, optionsOf, replyMessage, replyMessageWithoutProperties } from './reply-message.js';

const EMPTY = Buffer.alloc(0);

/** Replies in the plain format: the payload is the value, everything else is in properties. */
export class PlainReplies implements ReplyFormat {
  /** @param responder name of this server in its streams, to distinguish streams of several servers for one request */
  constructor(
    private readonly defaults: ReplyDefaults,
    private readonly responder?: string,
  ) {}

  single(target: ReplyTarget, value: unknown): OutgoingMessage | undefined {
    // undefined is an empty stream, so that the caller's observable completes without a value, as in Nest's transports
    return value === undefined ? this.end(target, 0) : this.encode(target, value, undefined);
  }

  item(
    target: ReplyTarget,
    value: unknown,
    position: StreamPosition,
    controlTopic?: string,
  ): OutgoingMessage | undefined {
    const marks = this.marked({ [NestProperty.stream]: formatStreamPosition(position) });
    if (controlTopic !== undefined) marks[NestProperty.control] = controlTopic;
    return this.encode(target, value, marks);
  }

  end(target: ReplyTarget, count: number): OutgoingMessage | undefined {
    const marks = this.marked({ [NestProperty.stream]: formatStreamPosition({ index: count, end: 'end' }) });
    return replyMessage(target, this.defaults.publish, EMPTY, undefined, NO_OPTIONS, marks);
  }

  failure(target: ReplyTarget, code: string, error: unknown, streaming = false): OutgoingMessage | undefined {
    const mark = { [NestProperty.error]: code };
    const marks = streaming ? this.marked(mark) : mark;
    return replyMessage(target, this.defaults.publish, errorToJson(error), JSON_CONTENT_TYPE, NO_OPTIONS, marks);
  }

  private encode(target: ReplyTarget, value: unknown, marks: UserProperties | undefined): OutgoingMessage | undefined {
    const { codec, publish } = this.defaults;
    const options = optionsOf(value);
    const { payload, contentType } = encodeWith(codec, options === NO_OPTIONS ? value : dataOf(value));
    return replyMessage(target, publish, payload, contentType, options, marks);
  }

  private marked(marks: UserProperties): UserProperties {
    if (this.responder !== undefined) marks[NestProperty.responder] = this.responder;
    return marks;
  }
}

/**
 * Replies on 3.1.1 without an envelope. There are no properties, so no error is sent: the caller could not distinguish it from a value.
 */
export class BareReplies implements ReplyFormat {
  constructor(private readonly defaults: ReplyDefaults) {}

  single(target: ReplyTarget, value: unknown): OutgoingMessage {
    const { codec, publish } = this.defaults;
    const { payload } = encodeWith(codec, dataOf(value));
    return replyMessageWithoutProperties(target, publish, payload, optionsOf(value));
  }

  item(target: ReplyTarget, value: unknown): OutgoingMessage {
    return this.single(target, value);
  }

  end(): undefined {}

  failure(): undefined {}
}
