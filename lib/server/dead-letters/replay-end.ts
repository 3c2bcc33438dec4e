import type { Outcome } from '../../acknowledgement/settle-by-policy.js';
import { DeadLetterError } from '../../errors/dead-letter.error.js';
import { describeReason, reasonOf } from '../../errors/failure-reason.js';
import type { Decision, Settling } from '../../protocol/delivery.js';

/** How long a handler with `AckPolicy.MANUAL` may take to decide after it has ended. */
const UNDECIDED_MS = 30_000;

/** How the replay of a letter ends: well when its message is acknowledged, and nothing runs for it any more. */
export class ReplayEnd implements Settling {
  /** Rejects with a DeadLetterError when it does not end well. */
  readonly reached: Promise<void>;
  private resolve!: () => void;
  private reject!: (error: DeadLetterError) => void;
  private decision: Decision | undefined;
  private outcome: Outcome | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param masked whether the letter says only what a caller may see of the failure */
  constructor(
    readonly id: string,
    private readonly masked: boolean,
  ) {
    this.reached = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** What the handler, or its policy, decides. */
  decide(decision: Decision): void {
    this.decision ??= decision;
    this.conclude();
  }

  /** Nothing is under way any more. @param outcome undefined when it was cut short */
  released(outcome: Outcome | undefined): void {
    this.outcome = outcome;
    if (!outcome) this.cut();
    else if (this.decision) this.conclude();
    else
      this.timer = setTimeout(
        () => this.fail(new Error(`its handler has decided nothing within ${UNDECIDED_MS} ms after its end`)),
        UNDECIDED_MS,
      ).unref();
  }

  /** The server closes. */
  cut(): void {
    clearTimeout(this.timer);
    this.reject(
      new DeadLetterError('not-serving', `The server closes: dead letter ${this.id} was not replayed to its end.`),
    );
  }

  private conclude(): void {
    const { decision, outcome } = this;
    if (!decision || !outcome) return;
    clearTimeout(this.timer);
    if (decision.kind === 'ack') this.resolve();
    else if (outcome.failed) this.fail(this.masked ? outcome.error : (outcome.thrown ?? outcome.error));
    else this.fail(new Error(decision.kind === 'reject' ? (decision.reasonString ?? 'rejected') : 'withheld'));
  }

  private fail(cause: unknown): void {
    const reason = describeReason(reasonOf(cause));
    this.reject(new DeadLetterError('failed', `Dead letter ${this.id} has failed again: ${reason}`, { cause }));
  }
}
