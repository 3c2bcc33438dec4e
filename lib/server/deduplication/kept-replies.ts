import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Send } from '../replying/send.js';

/** Maximum number and size of the replies kept for one request: a stream may be endless. */
const MAX_REPLIES = 10_000;
const MAX_BYTES = 4 * 1_048_576;

/** Records the replies to one request. */
export class KeptReplies {
  private replies: OutgoingMessage[] = [];
  private bytes = 0;
  private tooMany = false;

  constructor(private readonly responseTopic: string) {}

  /** The replies; none if there were too many: a duplicate is then neither handled nor answered. */
  get all(): readonly OutgoingMessage[] {
    return this.replies;
  }

  /** Wraps `send`, and records the messages to the caller. */
  keeping(send: Send): Send {
    return (message, settled) => {
      if (message.topic === this.responseTopic) this.keep(message);
      return send(message, settled);
    };
  }

  private keep(reply: OutgoingMessage): void {
    if (this.tooMany) return;
    this.bytes += reply.payload.length;
    this.replies.push(reply);
    if (this.replies.length <= MAX_REPLIES && this.bytes <= MAX_BYTES) return;
    this.tooMany = true;
    this.replies = [];
  }
}
