import { SubscriptionRefusedError, type RefusedFilter } from '../../errors/subscription-refused.error.js';
import type { SubscriptionRequest } from './subscribe-packets.js';

/** Subscriptions that are asked for together. It settles when the broker has answered about all of them. */
export class SubscribeCall {
  readonly settled: Promise<void>;
  private readonly refused: RefusedFilter[] = [];
  private resolve!: () => void;
  private reject!: (error: Error) => void;

  /** @param open subscriptions that the broker has not answered about */
  constructor(private open: number) {
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    if (open === 0) this.resolve();
  }

  /** The broker has answered about one of them. */
  answered(refusal: RefusedFilter | undefined): void {
    if (refusal) this.refused.push(refusal);
    if (--this.open > 0) return;
    if (this.refused.length === 0) this.resolve();
    else this.reject(new SubscriptionRefusedError(this.refused));
  }

  /** It cannot be answered any more. */
  fail(error: Error): void {
    this.reject(error);
  }
}

/** One subscription of a connection, as long as it is wanted. */
export class Subscription {
  granted = false;
  /** Whether a SUBSCRIBE for it waits for its SUBACK. */
  asked = false;
  /** How often the broker has been asked for it in vain. */
  failures = 0;
  /** Whether the broker may have ended a connection over it: it is asked for alone. */
  suspect = false;
  /** Who waits for it. */
  calls: SubscribeCall[] = [];

  /** How the broker is asked for it now. */
  request: SubscriptionRequest;

  constructor(
    private readonly wanted: SubscriptionRequest,
    /** The same filter with other options, which the broker has granted: it stays when this is refused. */
    readonly previous?: Subscription,
  ) {
    this.request = wanted;
  }

  get filter(): string {
    return this.request.filter;
  }

  /**
   * The SUBACK is lost: the session may have the subscription, and its retained messages have been sent. Retain Handling 1 does not
   * have them sent again (5.0).
   */
  mayBeGranted(): void {
    this.request = { ...this.wanted, rh: this.wanted.rh || 1 };
  }

  /** The session is new, and has nothing. */
  isNotGranted(): void {
    this.granted = false;
    this.request = this.wanted;
    if (this.previous) this.previous.granted = false;
  }

  /** @returns whether a caller got the refusal */
  settle(refusal: RefusedFilter | undefined): boolean {
    const calls = this.calls.splice(0);
    for (const call of calls) call.answered(refusal);
    return calls.length > 0;
  }
}
