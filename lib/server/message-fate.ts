import { decisionOfException, decisionOfPolicy, type Outcome } from '../acknowledgement/settle-by-policy.js';
import { ACK, NACK, rejection, type Decision, type Settling } from '../protocol/delivery.js';
import { deadLetterOf } from './dead-letter.js';
import { describeFailure } from './failure-description.js';
import type { HandlerRuntime } from './handler-runtime.js';
import type { ReceivedMessage } from './received-message.js';
import type { ServerServices } from './server-services.js';

interface FateOwner {
  /** Called once, when nothing is under way for the message any more. */
  release(): void;
}

/**
 * What one handler decides about its message: by itself, by an exception, or by its ack policy; and the dead letter of a message
 * that is given up. The first decision counts.
 */
export class MessageFate {
  /** Whether it stays with the broker, to come again. */
  withheld = false;
  private sealed = false;
  private letterUnderWay = false;
  private owner: FateOwner | undefined;

  /** @param settlement undefined for QoS 0, which has no acknowledgement */
  constructor(
    private readonly message: ReceivedMessage,
    private readonly runtime: HandlerRuntime,
    private readonly settlement: Settling | undefined,
    private readonly services: ServerServices,
  ) {}

  /** Whether it is decided, so that running the handler again could not change it. */
  get decided(): boolean {
    return this.sealed;
  }

  decide(decision: Decision): void {
    if (this.sealed) return;
    this.sealed = true;
    this.withheld = decision.kind === 'nack';
    this.settlement?.decide(decision);
  }

  reject(reasonCode: number, reasonString: string | undefined, attempts: number): void {
    if (this.sealed) return;
    if (this.runtime.options.deadLetter === undefined) this.decide(rejection(reasonCode, reasonString));
    else this.giveUp(reasonString ?? 'rejected', attempts);
  }

  /** The handler has ended, and its reply is out. */
  conclude(outcome: Outcome, attempts: number, owner: FateOwner): void {
    if (!this.sealed) this.decideBy(outcome, attempts);
    if (this.letterUnderWay) this.owner = owner;
    else owner.release();
  }

  private decideBy(outcome: Outcome, attempts: number): void {
    const { options } = this.runtime;
    const exceptional = outcome.failed ? decisionOfException(outcome.error, options.rejectReasonCode) : undefined;
    const givenUp = outcome.failed && (!exceptional || exceptional.kind === 'reject');
    if (givenUp && options.deadLetter !== undefined) {
      this.giveUp(describeFailure(outcome.error), attempts);
      return;
    }
    const decision = exceptional ?? decisionOfPolicy(options, outcome);
    if (decision) this.decide(decision);
    else this.leftUndecided(outcome);
  }

  /** MANUAL: who fails without deciding is not going to; who succeeds may still decide later. */
  private leftUndecided(outcome: Outcome): void {
    if (!this.settlement) return;
    const { pattern } = this.runtime;
    this.services.warnOnce(
      `manual ${pattern}`,
      `Handler "${pattern}" has AckPolicy.MANUAL and ended without ack(), nack() or reject(): its message on ` +
        `"${this.message.topic}" holds up all later acknowledgements. Decide in every branch.`,
    );
    if (outcome.failed) this.decide(NACK);
  }

  /** Publishes the dead letter; the message is acknowledged when the broker has accepted it, and stays with the broker if not. */
  private giveUp(reason: string, attempts: number): void {
    this.sealed = true;
    this.letterUnderWay = true;
    const { message, runtime, services } = this;
    const topic = runtime.options.deadLetter!;
    const letter = deadLetterOf(message, topic, { reason, attempts, protocolVersion: services.protocolVersion });
    services.send(letter, (error) => {
      if (error)
        services.logger.error(
          `The message on "${message.topic}" is withheld: its dead letter to "${topic}" failed: ${error.message}`,
        );
      this.withheld = error !== undefined;
      this.settlement?.decide(error ? NACK : ACK);
      this.letterUnderWay = false;
      this.owner?.release();
    });
  }
}
