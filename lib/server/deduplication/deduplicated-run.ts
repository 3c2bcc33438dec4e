import { decisionOfException, type Outcome } from '../../acknowledgement/settle-by-policy.js';
import { AckPolicy } from '../../options/ack-policy.js';
import type { MqttDropReason } from '../../observing/mqtt-drop.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { ACK, NACK, type Decision, type Settling } from '../../protocol/delivery.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { backoffDelay } from '../../timing/backoff.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { DropReason, Job } from '../concurrency/concurrency-gate.js';
import { Invocation } from '../handling/invocation.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import type { Running } from '../concurrency/running-invocations.js';
import type { ServedHandler } from '../handling/served-handler.js';
import { tellDropped } from '../handling/tell-dropped.js';
import type { Claims, Held } from './claims.js';
import type { Deduplication } from './deduplication.js';
import { KeptReplies } from './kept-replies.js';

/** Waits between two questions whether another process has come to an end. */
const ASKING = { initialDelay: 20, factor: 2, maxDelay: 1_000, jitter: 0.5 };
/** How many leases another process is waited for: it crashes, or goes on and renews its lease. */
const PATIENCE_LEASES = 2;

/**
 * A message that may have come before. It runs under a claim, and its decision goes out when the store knows how it ended: who gets
 * it again then, because the acknowledgement was lost, is told.
 *
 * A copy of one that runs here joins it. A copy of one that runs elsewhere gives its worker back and asks again, until that has
 * ended, or its lease has.
 */
export class DeduplicatedRun implements Job, Running, Settling, Held {
  orderKey: string | undefined = undefined;
  before: Running | undefined = undefined;
  after: Running | undefined = undefined;
  listed = false;
  renewing = false;
  readonly owner: string;
  readonly droppable: boolean;
  private readonly claims: Claims;
  private hasWorker = false;
  /** Whether it may run, with or without a claim. */
  private admitted = false;
  private claimed = false;
  private closing = false;
  /** Since when another process is waited for, by the clock of this process. */
  private waitsSince: number | undefined = undefined;
  private asked = 0;
  private timer: NodeJS.Timeout | undefined = undefined;
  private replies: KeptReplies | undefined = undefined;
  private ended = false;
  private outcome: Outcome | undefined = undefined;
  private decision: Decision | undefined = undefined;
  private settled = false;

  constructor(
    readonly key: string,
    private readonly deduplication: Deduplication,
    private readonly message: InboundMessage,
    private readonly handler: ServedHandler,
    private readonly params: TopicParams,
    private readonly settling: Settling,
    private readonly host: InvocationHost,
  ) {
    this.claims = deduplication.claims;
    this.owner = this.claims.newOwner();
    this.droppable = message.qos === 0;
  }

  start(): void {
    this.hasWorker = true;
    if (this.admitted) {
      this.run();
      return;
    }
    const copies = this.claims.join(this.key);
    if (copies) {
      if (this.message.qos > 0) copies.push(this.settling);
      this.tell('duplicate');
      this.freeWorker();
      return;
    }
    this.host.running.add(this);
    void this.claim();
  }

  dropped(reason: DropReason): void {
    this.tell(reason);
    if (this.admitted) void this.leave();
    else if (reason === 'overflow') this.host.overflow.dropped(this.message.topic);
  }

  /** The server closes: what has not begun to run stays with the broker, for another process. */
  shutDown(): void {
    this.closing = true;
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.tell('closing');
    this.end(undefined);
  }

  /** The server has waited long enough for the handler, which may go on: its lease ends when it is not renewed any more. */
  abandon(): void {
    this.claims.letGo(this);
  }

  // ---- before it runs

  private async claim(): Promise<void> {
    this.timer = undefined;
    const claim = await this.claims.store.claim(this.key, this.owner, this.claims.leaseMs);
    if (claim?.state === 'mine') {
      this.claimed = true;
      this.claims.hold(this);
    }
    if (this.closing) {
      this.tell('closing');
      void this.leave();
    } else if (claim === undefined) this.withoutStore();
    else if (claim.state === 'mine') this.admit();
    else if (claim.state === 'running') this.wait();
    else this.handledBefore(claim.replies);
  }

  private admit(): void {
    this.admitted = true;
    if (this.hasWorker) this.run();
    else this.handler.lane.submit(this);
  }

  private withoutStore(): void {
    if (this.deduplication.runsWithoutStore(this.message.qos)) {
      this.admit();
      return;
    }
    this.tell('not-claimed');
    this.end(NACK);
  }

  /** A copy that has waited for the end of the first is answered by what that was answered with; any other is answered again. */
  private handledBefore(replies: readonly OutgoingMessage[]): void {
    if (this.waitsSince === undefined) for (const reply of replies) this.host.send(reply, () => {});
    this.tell('duplicate');
    this.end(ACK);
  }

  private wait(): void {
    if (this.message.qos === 0) {
      this.tell('duplicate');
      this.end(ACK); // nothing is promised at QoS 0: should the other process crash, it is lost with it
      return;
    }
    this.freeWorker();
    const now = performance.now();
    this.waitsSince ??= now;
    if (now - this.waitsSince > PATIENCE_LEASES * this.claims.leaseMs) {
      this.tooLong();
      return;
    }
    this.timer = setTimeout(() => void this.claim(), backoffDelay(ASKING, ++this.asked));
  }

  private tooLong(): void {
    const { pattern } = this.handler;
    this.host.warnOnce(
      'runs elsewhere',
      pattern,
      `A message of handler "${pattern}" on "${this.message.topic}" is withheld: another process has been running for it for more than ` +
        `${PATIENCE_LEASES * this.claims.leaseMs} ms. It comes again when the session is resumed.`,
    );
    this.tell('not-claimed');
    this.end(NACK);
  }

  private tell(reason: MqttDropReason): void {
    tellDropped(this.host.observers, reason, this.message, this.handler);
  }

  private freeWorker(): void {
    if (!this.hasWorker) return;
    this.hasWorker = false;
    this.handler.lane.finished(this);
  }

  // ---- its run

  private run(): void {
    this.hasWorker = false; // the invocation gives it back
    const { message, handler, params } = this;
    const invocation = new Invocation(message, handler, params, this, this.hostOfRun(), (outcome) => {
      this.ended = true;
      this.outcome = outcome;
      this.finishWhenDecided();
    });
    invocation.orderKey = this.orderKey;
    invocation.start();
  }

  private hostOfRun(): InvocationHost {
    const { host } = this;
    const responseTopic = this.message.packet.properties?.responseTopic;
    if (this.handler.isEventHandler || responseTopic === undefined) return host;
    this.replies = new KeptReplies(responseTopic);
    return { ...host, send: this.replies.keeping(host.send) };
  }

  /** The handler's decision, which waits until the store knows of it. */
  decide(decision: Decision): void {
    this.decision = decision;
    const { ackPolicy } = this.handler.options;
    if (ackPolicy === AckPolicy.ACK_FIRST || ackPolicy === AckPolicy.MANUAL) this.settle(decision); // then, and not later
    this.finishWhenDecided();
  }

  private finishWhenDecided(): void {
    if (!this.ended) return;
    const undecided = this.decision === undefined && this.outcome !== undefined && this.message.qos > 0;
    if (!undecided) void this.finish();
  }

  private async finish(): Promise<void> {
    const handled = this.isHandled();
    if (this.claimed) {
      const { claims, key, owner, message } = this;
      claims.letGo(this);
      if (handled) await this.complete(this.deduplication.ttlMs(message.expiresAt));
      else await claims.store.release(key, owner);
    }
    this.end(this.decision ?? (handled ? ACK : undefined));
  }

  private async complete(ttlMs: number): Promise<void> {
    const kept = await this.claims.store.complete(this.key, this.owner, this.replies?.all ?? [], ttlMs);
    if (kept !== false) return;
    const { handler, host, message } = this;
    host.logger.warn(
      `Handler "${handler.pattern}" ended on "${message.topic}" after another process had taken its message over: it may have run twice. ` +
        'Its lease was not renewed in time.',
    );
  }

  /** A caller was told of a failure, and is told the same again. An event that failed may be run again, if it comes again. */
  private isHandled(): boolean {
    const { outcome, handler } = this;
    if (outcome === undefined || this.decision?.kind === 'nack') return false;
    if (!outcome.failed || !handler.isEventHandler) return true;
    return decisionOfException(outcome.error, handler.options.rejectReasonCode)?.kind === 'ack';
  }

  // ---- its end

  /** It is not going to run here. */
  private async leave(): Promise<void> {
    if (this.claimed) {
      this.claims.letGo(this);
      await this.claims.store.release(this.key, this.owner);
    }
    this.end(undefined);
  }

  /** @param decision about the message and its copies; undefined when they stay with the broker */
  private end(decision: Decision | undefined): void {
    this.freeWorker();
    const copies = this.claims.end(this.key);
    if (decision) {
      this.settle(decision);
      for (const copy of copies) copy.decide(decision);
    }
    this.host.running.delete(this);
  }

  private settle(decision: Decision): void {
    if (this.settled) return;
    this.settled = true;
    this.settling.decide(decision);
  }
}
