import type { Decision, Settling } from '../protocol/delivery.js';

/** When the handlers of one message decide differently, the highest value applies. */
const STRICTNESS: Readonly<Record<Decision['kind'], number>> = { ack: 0, reject: 1, nack: 2 };

/** Collects the decisions of the handlers of one message, and settles it once, when all have decided. */
export class Settlement implements Settling {
  private strictest: Decision | undefined;

  /** @param undecided number of handlers */
  constructor(
    private readonly message: Settling,
    private undecided: number,
  ) {}

  /** One handler's decision. Each handler decides once. */
  decide(decision: Decision): void {
    if (!this.strictest || STRICTNESS[decision.kind] > STRICTNESS[this.strictest.kind]) this.strictest = decision;
    if (--this.undecided === 0) this.message.decide(this.strictest);
  }
}

/** The receiver of the decisions about a message. With a single handler it is the message itself. */
export function settlingOf<M extends Settling | undefined>(message: M, handlers: number): Settling | M {
  return message && handlers > 1 ? new Settlement(message, handlers) : message;
}
