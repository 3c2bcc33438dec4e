import type { Decision, Settling } from '../protocol/delivery.js';

/** The stricter decision wins where the handlers of one message disagree. */
const STRICTNESS: Readonly<Record<Decision['kind'], number>> = { ack: 0, reject: 1, nack: 2 };

/** Gathers what the handlers of one message decide, and settles it once, when all have. */
export class Settlement implements Settling {
  private strictest: Decision | undefined;

  /** @param undecided number of handlers that are going to decide */
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

/** Where the decisions of a message's handlers go. One handler decides by itself: nothing has to be gathered. */
export function settlingOf<M extends Settling | undefined>(message: M, handlers: number): Settling | M {
  return message && handlers > 1 ? new Settlement(message, handlers) : message;
}
