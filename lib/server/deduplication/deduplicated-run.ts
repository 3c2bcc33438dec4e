import { decisionOfException, type Outcome } from '../../acknowledgement/settle-by-policy.js';
import { AckPolicy } from '../../options/ack-policy.js';
import type { MqttDropReason } from '../../observing/mqtt-drop.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { ACK, NACK, type Decision, type Settling } from '../../protocol/delivery.js';
import { handlerName } from '../../routing/handler-name.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { backoffDelay } from '../../timing/backoff.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { DropReason, Job } from '../concurrency/concurrency-gate.js';
import { Invocation } from '../handling/invocation.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import type { Running } from '../concurrency/running-invocations.js';
import { SESSION_ENDS } from '../dead-letters/give-up.js';
import type { ServedHandler } from '../handling/served-handler.js';
import { tellDropped } from '../handling/tell-dropped.js';
import type { Claims, Held } from './claims.js';
import type { Deduplication } from './deduplication.js';
import { KeptReplies } from './kept-replies.js';

/** Delays between two attempts to claim a message that another process is handling. */
const ASKING = { initialDelay: 20, factor: 2, maxDelay: 1_000, jitter: 0.5 };
/** Maximum waiting time for another process, in leases: it may crash, or renew its lease again and again. */
const MAX_WAIT_LEASES = 2;

/**
 * A message that may be a duplicate. It runs with a claim, and is settled after the store has saved its result: if the acknowledgement is
 * lost and the message is delivered again, its receiver finds the result.
 *
 * A duplicate of a message that runs here waits for it. A duplicate of a message that runs in another process releases its worker and
 * tries to claim it again, until the other process has finished or its lease has ended.
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
  /** Whether it has started to run, with or without a claim. */
  private admitted = false;
  private claimed = false;
  private closing = false;
  /** When it began to wait for another process, by the clock of this process. */
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
    readonly message: InboundMessage,
    readonly handler: ServedHandler,
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

  /** The server closes: a message that has not started is not acknowledged, so that another process can handle it. */
  shutDown(): void {
    this.closing = true;
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.tell('closing');
    this.end(undefined);
  }

  /** `gracefulTimeout` is over. The handler may continue, but its lease is no longer renewed. */
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

  /** Answers a duplicate with the replies of the first message. */
  private handledBefore(replies: readonly OutgoingMessage[]): void {
    if (this.waitsSince === undefined) for (const reply of replies) this.host.send(reply, () => {});
    this.tell('duplicate');
    this.end(ACK);
  }

  private wait(): void {
    if (this.message.qos === 0) {
      this.tell('duplicate');
      this.end(ACK); // QoS 0 guarantees nothing: if the other process crashes, the message is lost
      return;
    }
    this.freeWorker();
    const now = performance.now();
    this.waitsSince ??= now;
    if (now - this.waitsSince > MAX_WAIT_LEASES * this.claims.leaseMs) {
      this.tooLong();
      return;
    }
    this.timer = setTimeout(() => void this.claim(), backoffDelay(ASKING, ++this.asked));
  }

  private tooLong(): void {
    const { handler, host, message } = this;
    const fate = host.durableSession
      ? 'The broker delivers it again when the session is resumed'
      : `Unless that process handles it, it is lost: ${SESSION_ENDS}`;
    host.warnOnce(
      'runs elsewhere',
      handler.pattern,
      `A message of handler ${handlerName(handler)} on "${message.topic}" is withheld: another process has been handling it for more than ` +
        `${MAX_WAIT_LEASES * this.claims.leaseMs} ms. ${fate}.`,
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
    this.hasWorker = false; // the invocation releases it
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

  /** The decision of the handler. It is applied when the store has saved it. */
  decide(decision: Decision): void {
    this.decision = decision;
    const { ackPolicy } = this.handler.options;
    if (ackPolicy === AckPolicy.ACK_FIRST || ackPolicy === AckPolicy.MANUAL) this.settle(decision); // these policies settle at once
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
      `Handler ${handlerName(handler)} finished on "${message.topic}" after another process had claimed its message: it may have run twice. ` +
        'Its lease was not renewed in time.',
    );
  }

  /** Whether to keep the result: the failure of a request is kept, so that a duplicate gets the same reply; a failed event may run again. */
  private isHandled(): boolean {
    const { outcome, handler } = this;
    if (outcome === undefined || this.decision?.kind === 'nack') return false;
    if (!outcome.failed || !handler.isEventHandler) return true;
    return decisionOfException(outcome.error, handler.options.rejectReasonCode)?.kind === 'ack';
  }

  // ---- its end

  /** The message will not run here. */
  private async leave(): Promise<void> {
    if (this.claimed) {
      this.claims.letGo(this);
      await this.claims.store.release(this.key, this.owner);
    }
    this.end(undefined);
  }

  /** @param decision about the message and its duplicates; undefined to leave them unacknowledged */
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
