import type { DropReason, Job } from '../concurrency/concurrency-gate.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import { ACK, type Settling } from '../protocol/delivery.js';
import type { Deduplication } from './deduplication.js';
import { Invocation } from './invocation.js';
import type { HandlerRuntime } from './handler-runtime.js';
import type { TopicParams } from '../routing/topic-template.js';
import type { ReceivedMessage } from './received-message.js';
import type { ServerServices } from './server-services.js';

/** How long replies are kept beyond the expiry of their request, in milliseconds: a copy may have been under way for a while. */
const MARGIN_MS = 60_000;
/** How long replies are kept when their request does not expire, in milliseconds. */
const WITHOUT_EXPIRY_MS = 300_000;

/**
 * A request that may have come before. A duplicate of one that still runs waits for its end: the reply goes to the same place. A
 * duplicate of one that has ended is answered with what was answered then, in case that was lost.
 *
 * This is an effort to run a request at most once, and no guarantee: what is kept can be lost, and two processes may get the
 * copies at the same time.
 */
export class DeduplicatedInvocation implements Job {
  readonly droppable: boolean;
  private closing = false;

  constructor(
    private readonly key: string,
    private readonly deduplication: Deduplication,
    private readonly message: ReceivedMessage,
    private readonly runtime: HandlerRuntime,
    private readonly params: TopicParams,
    private readonly settlement: Settling | undefined,
    private readonly services: ServerServices,
  ) {
    this.droppable = settlement === undefined;
  }

  start(): void {
    const joined = this.deduplication.running.get(this.key);
    if (joined) {
      joined.push(this.settlement);
      process.nextTick(() => this.runtime.lane.finished()); // a job never ends within start()
      return;
    }
    this.deduplication.running.set(this.key, []);
    void this.answerOrRun();
  }

  dropped(reason: DropReason): void {
    if (reason === 'overflow') this.services.overflow.dropped(this.message.topic);
  }

  /** The server closes: what has not been looked up yet is not run, and stays with the broker. */
  shutDown(): void {
    this.closing = true;
  }

  private async answerOrRun(): Promise<void> {
    const { running, send } = this.services;
    running.add(this);
    const replies = await this.keptReplies();
    if (!replies && !this.closing) {
      this.run();
      running.delete(this);
      return;
    }
    if (replies) {
      for (const reply of replies) send(reply, () => {});
      this.settlement?.decide(ACK);
    }
    this.runtime.lane.finished();
    this.settleJoined();
    running.delete(this);
  }

  private async keptReplies(): Promise<readonly OutgoingMessage[] | undefined> {
    try {
      return await this.deduplication.store.get(this.key);
    } catch (error) {
      this.services.logger.warn(`Requests cannot be looked up for duplicates: ${(error as Error).message}`);
      return undefined;
    }
  }

  private run(): void {
    const replies: OutgoingMessage[] = [];
    const { responseTopic } = this.message.packet.properties!;
    const services: ServerServices = {
      ...this.services,
      send: (message, settled) => {
        if (message.topic === responseTopic) replies.push(message);
        this.services.send(message, settled);
      },
    };
    const invocation = new Invocation(this.message, this.runtime, this.params, this.settlement, services, (final) => {
      void this.keep(final ? replies : undefined);
    });
    invocation.start();
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
      if (replies) await this.deduplication.store.set(this.key, replies, ttl);
    } catch (error) {
      this.services.logger.warn(`A reply could not be kept for duplicates of its request: ${(error as Error).message}`);
    }
    this.settleJoined();
  }

  private settleJoined(): void {
    const joined = this.deduplication.running.get(this.key) ?? [];
    this.deduplication.running.delete(this.key);
    for (const settlement of joined) settlement?.decide(ACK);
  }
}
