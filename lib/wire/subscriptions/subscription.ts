import { SubscriptionRefusedError, type RefusedFilter } from '../../errors/subscription-refused.error.js';
import type { SubscriptionRequest } from './subscribe-packets.js';

/** A call that subscribes several filters. It settles when the broker has answered for all of them. */
export class SubscribeCall {
  readonly settled: Promise<void>;
  private readonly refused: RefusedFilter[] = [];
  private resolve!: () => void;
  private reject!: (error: Error) => void;

  /** @param open number of filters without an answer */
  constructor(private open: number) {
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    if (open === 0) this.resolve();
  }

  /** The broker has answered for one filter. */
  answered(refusal: RefusedFilter | undefined): void {
    if (refusal) this.refused.push(refusal);
    if (--this.open > 0) return;
    if (this.refused.length === 0) this.resolve();
    else this.reject(new SubscriptionRefusedError(this.refused));
  }

  /** No answer can arrive any more. */
  fail(error: Error): void {
    this.reject(error);
  }
}

/** One subscription of a connection. */
export class Subscription {
  granted = false;
  /** Whether a SUBSCRIBE for it waits for its SUBACK. */
  asked = false;
  /** Number of attempts without an answer. */
  failures = 0;
  /** Whether the broker may have closed a connection because of it: it is then sent in a packet of its own. */
  suspect = false;
  /** The call that waits for it. */
  calls: SubscribeCall[] = [];

  /** Present filter and options. */
  request: SubscriptionRequest;

  constructor(
    private readonly wanted: SubscriptionRequest,
    /** The granted subscription to the same filter with other options: it stays if this one is refused. */
    readonly previous?: Subscription,
  ) {
    this.request = wanted;
  }

  get filter(): string {
    return this.request.filter;
  }

  /**
   * The SUBACK is lost: the session may have the subscription, and its retained messages may have been sent. Retain Handling 1 prevents
   * that they are sent again (5.0).
   */
  mayBeGranted(): void {
    this.request = { ...this.wanted, rh: this.wanted.rh || 1 };
  }

  /** The session is new, and has no subscriptions. */
  isNotGranted(): void {
    this.granted = false;
    this.request = this.wanted;
    if (this.previous) this.previous.granted = false;
  }

  /** @returns whether a caller received the refusal */
  settle(refusal: RefusedFilter | undefined): boolean {
    const calls = this.calls.splice(0);
    for (const call of calls) call.answered(refusal);
    return calls.length > 0;
  }
}
