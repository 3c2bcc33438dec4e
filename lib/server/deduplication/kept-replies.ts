import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Send } from '../replying/send.js';

/** What is kept for the copies of one request: a stream may go on for ever. */
const MAX_REPLIES = 10_000;
const MAX_BYTES = 4 * 1_048_576;

/** The replies to one request, as they are sent. */
export class KeptReplies {
  private replies: OutgoingMessage[] = [];
  private bytes = 0;
  private tooMany = false;

  constructor(private readonly responseTopic: string) {}

  /** None when there are too many: a copy is not run again then, and not answered either. */
  get all(): readonly OutgoingMessage[] {
    return this.replies;
  }

  /** Sends as before, and keeps what goes to the caller. */
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
