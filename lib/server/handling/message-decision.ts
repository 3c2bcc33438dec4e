import {
  decisionOfException,
  decisionOfPolicy,
  type FailedOutcome,
  type Outcome,
} from '../../acknowledgement/settle-by-policy.js';
import { reasonOf, type FailureReason } from '../../errors/failure-reason.js';
import { makesDeadLetters } from '../../options/subscription-options.js';
import { NACK, rejection, type Decision, type Rejection, type Settling } from '../../protocol/delivery.js';
import { handlerName } from '../../routing/handler-name.js';
import type { TopicParams } from '../../routing/topic-template.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import { deadLetterTopicOf, giveUp, SESSION_ENDS } from '../dead-letters/give-up.js';
import type { InvocationHost } from './invocation-host.js';
import { ObservedDelivery } from './observed-delivery.js';
import type { ServedHandler } from './served-handler.js';

const QOS_1 = '; qos: 1, here and at the publisher, gives them an acknowledgement';

/**
 * The decision of one handler about its message, by a call, an exception, or its ack policy; and its dead letter. Only the first decision
 * has an effect.
 */
export abstract class MessageDecision {
  /** 1 for the first run, 2 for the first retry, and so on. */
  attempt = 0;
  /** Whether it is decided, so that a retry could not change it. */
  protected decided = false;
  /** Whether the acknowledgement is withheld. */
  private withheld = false;
  /** The delivery for observers; undefined if none follows it. */
  delivery: ObservedDelivery | undefined;
  private letterUnderWay = false;
  private concluded = false;

  constructor(
    readonly message: InboundMessage,
    readonly handler: ServedHandler,
    /** Captures of the topic. */
    readonly params: TopicParams,
    /** The message, or the {@link Settlement} of its handlers. */
    private readonly settling: Settling,
    readonly host: InvocationHost,
  ) {
    const { observers } = host;
    if (observers !== undefined && observers.follows(handler.observed!, message.topic)) this.delivery = this.observed();
  }

  /** A message that fails is reported to observers from then on. */
  protected get failing(): ObservedDelivery | undefined {
    return (this.delivery ??= this.observed());
  }

  /** Metadata of Nest's envelope. */
  abstract readonly metadata: Readonly<Record<string, string>> | undefined;

  /** Called once, when all work for the message is done. */
  protected abstract release(): void;

  protected decide(decision: Decision): void {
    if (this.decided) return;
    this.decided = true;
    this.withheld = decision.kind === 'nack';
    this.settling.decide(decision);
    const delivery = decision.kind === 'ack' ? this.delivery : this.failing;
    if (delivery !== undefined) delivery.settled(decision);
  }

  /** The handler withholds the message. Without a session in which it can come again that is a mistake, told once for each handler. */
  protected withhold(): void {
    const { decided, message, handler, host } = this;
    this.decide(NACK);
    if (decided || message.qos === 0 || host.durableSession) return;
    host.warnOnce(
      'lost',
      handler.pattern,
      `Handler ${handlerName(handler)} has withheld its message on "${message.topic}", which is lost: ${SESSION_ENDS}, ` +
        'or throw an error with the option retry or deadLetter.',
    );
  }

  /** The server closes while the message waits for its next run. Told once for each handler. */
  protected leave(): void {
    if (this.decided) return;
    const { delivery, handler, host, message } = this;
    delivery?.left();
    const fate =
      message.qos > 0 && host.durableSession
        ? 'stays with the broker, which sends it again when the session is resumed'
        : `is lost: ${message.qos === 0 ? 'QoS 0 has no acknowledgement' : SESSION_ENDS}`;
    host.warnOnce(
      'left',
      handler.pattern,
      `The server closes while a message on "${message.topic}" waits for its retry by handler ${handlerName(handler)}: it ${fate}.`,
    );
  }

  protected refuse(reasonCode: number, reasonString: string | undefined): void {
    if (this.decided) return;
    if (makesDeadLetters(this.handler.options)) this.giveUp({ message: reasonString ?? 'rejected' });
    else this.refuseWith(rejection(reasonCode, reasonString));
  }

  /** What happens to the message of a failed handler, as the end of a sentence. */
  protected fateAfter(outcome: FailedOutcome): string {
    const { options } = this.handler;
    const exceptional = decisionOfException(outcome.error, options.rejectReasonCode);
    if (this.letterUnderWay || (!this.decided && this.makesLetter(exceptional))) return this.placeOfLetter();
    if (this.decided && !this.withheld) return 'had been settled before';
    if (this.message.qos === 0) return `is lost: QoS 0 has no acknowledgement${this.suggestion(QOS_1)}`;
    switch (this.withheld ? 'nack' : (exceptional ?? decisionOfPolicy(options, outcome))?.kind) {
      case 'ack':
        return `is acknowledged, and not delivered again${this.suggestion()}`;
      case 'reject':
        return this.host.refusable.includes(this.message.qos)
          ? `is rejected with 0x${options.rejectReasonCode.toString(16)}`
          : 'is acknowledged: the reason code of a reject is not sent to the broker';
      default:
        return this.host.durableSession
          ? 'is withheld: the broker sends it again when the session is resumed'
          : `is withheld, and lost: ${SESSION_ENDS}`;
    }
  }

  /** Once for each handler, when an event is gone: the caller of a request has its error. */
  private suggestion(more = ''): string {
    const { handler, host } = this;
    if (!handler.isEventHandler || !host.isFirst('no dead letter', handler.pattern)) return '';
    return `. The option deadLetter keeps such messages${more}`;
  }

  /** The handler has ended, and its reply is sent. */
  protected conclude(outcome: Outcome): void {
    if (!this.decided) this.decideBy(outcome);
    this.concluded = true;
    if (!this.letterUnderWay) this.release();
  }

  private observed(): ObservedDelivery | undefined {
    const { observers } = this.host;
    return observers && new ObservedDelivery(observers, this.handler.observed!, this.message, this);
  }

  /** Whether a failed message becomes a dead letter. @param exceptional what the thrown exception decides, if it does */
  private makesLetter(exceptional: Decision | undefined): boolean {
    return (!exceptional || exceptional.kind === 'reject') && makesDeadLetters(this.handler.options);
  }

  private decideBy(outcome: Outcome): void {
    const { options } = this.handler;
    const exceptional = outcome.failed ? decisionOfException(outcome.error, options.rejectReasonCode) : undefined;
    if (outcome.failed && this.makesLetter(exceptional)) {
      const masked = options.deadLetterReason === 'masked';
      this.giveUp(reasonOf(masked ? outcome.error : (outcome.thrown ?? outcome.error)));
      return;
    }
    if (exceptional?.kind === 'reject') {
      this.refuseWith(exceptional);
      return;
    }
    if (exceptional?.kind === 'nack') {
      this.withhold();
      return;
    }
    const decision = exceptional ?? decisionOfPolicy(options, outcome);
    if (decision) this.decide(decision);
    else this.leftUndecided(outcome);
  }

  /** The handler rejects the message. A reject because of an error is not logged here, because the error is. */
  private refuseWith(decision: Rejection): void {
    const { message, handler, host } = this;
    if (message.qos > 0 && !host.refusable.includes(message.qos)) {
      const reason = decision.reasonString ? `: ${decision.reasonString}` : '';
      host.logger.warn(
        `Handler ${handlerName(handler)} has rejected a message on "${message.topic}"${reason}. It is acknowledged: the reason code is not sent to the broker.`,
      );
    }
    this.decide(decision);
  }

  /** MANUAL: a handler that fails without a decision is withheld; one that succeeds may still decide later. */
  private leftUndecided(outcome: Outcome): void {
    if (this.message.qos === 0) return;
    const { handler } = this;
    this.host.warnOnce(
      'undecided',
      handler.pattern,
      `Handler ${handlerName(handler)} has AckPolicy.MANUAL and ended without ack(), nack() or reject(): its message on ` +
        `"${this.message.topic}" blocks all later acknowledgements. Settle the message in every branch.`,
    );
    if (outcome.failed) this.decide(NACK);
  }

  private giveUp(reason: FailureReason): void {
    this.decided = true;
    this.letterUnderWay = true;
    const delivery = this.failing;
    giveUp(this, reason, (decision, letter) => {
      this.settling.decide(decision);
      delivery?.deadLettered(letter, decision);
      this.letterUnderWay = false;
      if (this.concluded) this.release();
    });
  }

  private placeOfLetter(): string {
    const topic = deadLetterTopicOf(this.handler, this.params);
    if (topic !== undefined) return `goes to the dead letter topic "${topic}"`;
    return this.host.letters ? 'goes to the dead letter store' : 'goes to onDeadLetter';
  }
}
