import { describeThrown } from '../../errors/describe-thrown.js';
import type { MqttDropReason } from '../../observing/mqtt-drop.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { ACK, type Settling } from '../../protocol/delivery.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { inTime } from '../../timing/in-time.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { DropReason, Job } from '../handling/concurrency-gate.js';
import { Invocation } from '../handling/invocation.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import type { Running } from '../handling/running-invocations.js';
import type { ServedHandler } from '../handling/served-handler.js';
import { tellDropped } from '../handling/tell-dropped.js';
import type { Deduplication } from './deduplication.js';

/** How long replies are kept beyond the expiry of their request, in milliseconds: a copy may have been under way for a while. */
const MARGIN_MS = 60_000;
/** How long replies are kept when their request does not expire, in milliseconds. */
const WITHOUT_EXPIRY_MS = 300_000;
/** How long a store is waited for. */
const PATIENCE = { what: 'the deduplication store', timeoutMs: 5_000, unref: true };

/**
 * A request that may have come before. A duplicate of one that still runs waits for its end: the reply goes to the same place. A
 * duplicate of one that has ended is answered with what was answered then, in case that was lost.
 *
 * This is an effort to run a request at most once, and no guarantee: what is kept can be lost, and two processes may get the
 * copies at the same time.
 */
export class DeduplicatedRequest implements Job, Running {
  before: Running | undefined = undefined;
  after: Running | undefined = undefined;
  listed = false;
  readonly droppable: boolean;
  private closing = false;

  constructor(
    private readonly key: string,
    private readonly deduplication: Deduplication,
    private readonly message: InboundMessage,
    private readonly handler: ServedHandler,
    private readonly params: TopicParams,
    private readonly settling: Settling,
    private readonly host: InvocationHost,
  ) {
    this.droppable = message.qos === 0;
  }

  start(): void {
    const joined = this.deduplication.running.get(this.key);
    if (joined) {
      joined.push(this.settling);
      this.tell('duplicate');
      this.handler.lane.finished();
      return;
    }
    this.deduplication.running.set(this.key, []);
    void this.answerOrRun();
  }

  dropped(reason: DropReason): void {
    if (reason === 'overflow') this.host.overflow.dropped(this.message.topic);
    this.tell(reason);
  }

  /** The server closes: what has not been looked up yet is not run, and stays with the broker. */
  shutDown(): void {
    this.closing = true;
  }

  private tell(reason: MqttDropReason): void {
    tellDropped(this.host.observers, reason, this.message, this.handler);
  }

  private async answerOrRun(): Promise<void> {
    const { running, send } = this.host;
    running.add(this);
    const replies = await this.keptReplies();
    if (!replies && !this.closing) {
      this.run();
      running.delete(this);
      return;
    }
    if (replies) {
      for (const reply of replies) send(reply, () => {});
      this.tell('duplicate');
      this.settling.decide(ACK);
    }
    this.handler.lane.finished();
    this.settleJoined();
    running.delete(this);
  }

  private async keptReplies(): Promise<readonly OutgoingMessage[] | undefined> {
    try {
      const replies: unknown = await inTime(this.deduplication.store.get(this.key), PATIENCE);
      if (replies === undefined || areReplies(replies)) return replies;
      throw new TypeError('get() of the deduplication store returned something else than replies');
    } catch (error) {
      this.host.logger.warn(`Requests cannot be looked up for duplicates: ${describeThrown(error)}`);
      return undefined;
    }
  }

  private run(): void {
    const replies: OutgoingMessage[] = [];
    const { responseTopic } = this.message.packet.properties!;
    const host: InvocationHost = {
      ...this.host,
      send: (message, settled) => {
        if (message.topic === responseTopic) replies.push(message);
        return this.host.send(message, settled);
      },
    };
    const { message, handler, params, settling } = this;
    new Invocation(message, handler, params, settling, host, (final) => {
      void this.keep(final ? replies : undefined);
    }).start();
  }

  /**
   * Failures are kept too: what failed once would most likely do half of its work twice. What is to come again is not.
   *
   * @param replies undefined when the request was withheld, or cut short by the end of the server
   */
  private async keep(replies: readonly OutgoingMessage[] | undefined): Promise<void> {
    const { expiresAt } = this.message;
    const ttl = expiresAt === Infinity ? WITHOUT_EXPIRY_MS : Math.max(0, expiresAt - Date.now()) + MARGIN_MS;
    try {
      if (replies) await inTime(this.deduplication.store.set(this.key, replies, ttl), PATIENCE);
    } catch (error) {
      this.host.logger.warn(`A reply could not be kept for duplicates of its request: ${describeThrown(error)}`);
    }
    this.settleJoined();
  }

  private settleJoined(): void {
    const joined = this.deduplication.running.get(this.key) ?? [];
    this.deduplication.running.delete(this.key);
    for (const settling of joined) settling.decide(ACK);
  }
}

function areReplies(value: unknown): value is OutgoingMessage[] {
  return Array.isArray(value) && value.every((reply) => typeof (reply as OutgoingMessage | null)?.topic === 'string');
}
