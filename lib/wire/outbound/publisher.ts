import { LinkedQueue, type QueuePlace } from '../../collections/linked-queue.js';
import { BackpressureError } from '../../errors/backpressure.error.js';
import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Logger } from '@nestjs/common';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { Connection } from '../connection/connection.js';
import type { Loss } from '../connection/loss.js';
import { ping } from '../connection/ping.js';
import { DurableQueue, type KeptMessage } from './durable-queue.js';
import { InFlightWindow, type AcknowledgementKind } from './in-flight-window.js';
import { expiredError, expiryTime, hasExpired, withRemainingExpiry } from './message-expiry.js';
import { OutgoingStore } from './outgoing-store.js';
import { limitRefusal, refusalByCode, refusalByHangUp, textRefusal } from './publish-refusal.js';
import { SuspectTopics } from './suspect-topics.js';
import type { PublishSettled, Writer } from './writer.js';

/** What happens to messages while there is no connection. */
export interface OfflinePolicy {
  readonly offline: 'queue' | 'fail';
  readonly maxQueuedMessages: number;
}

/** A queued message: it waits for a connection, for the broker's Receive Maximum, or for the socket to drain. */
export interface Waiting {
  readonly message: OutgoingMessage;
  readonly settled: PublishSettled;
  /** Expiry, in milliseconds since the epoch; `Infinity` for never. */
  readonly expiresAt: number;
  /** @internal Position in the queue; undefined after it has left the queue */
  place: QueuePlace<Waiting> | undefined;
  /** @internal Entry in the store; undefined without a store, and at QoS 0 */
  kept: KeptMessage | undefined;
}

/** Maximum number of queued messages while connected: the application publishes faster than the broker accepts. */
const MAX_WAITING_CONNECTED = 100_000;

/**
 * Sends messages in the order of the calls, across reconnects, and reports the result of each.
 *
 * @internal
 */
export class Publisher {
  private readonly waiting = new LinkedQueue<Waiting>();
  private readonly window: InFlightWindow;
  private readonly suspects = new SuspectTopics();
  private readonly store: OutgoingStore | undefined;
  /** The queued QoS 1 and 2 messages in the application's store, if there is one. */
  private readonly durable: DurableQueue | undefined;
  /** Whether the broker has lost the session since messages were last sent, possibly on a connection on which none were. */
  private sessionLost = false;
  /** Set while messages can be sent: there is a connection, and its subscriptions are granted. */
  private writer: Writer | undefined;
  /** Topic of the QoS 0 message that has been sent alone, to find out whether the broker accepts it. */
  private probing: string | undefined;
  /** Topic refused after the connection ended with it, until it is known whether the broker can be reached. */
  private pendingRefusal: string | undefined;
  private ended: Error | undefined;
  private emptied: (() => void)[] = [];
  private loweringTold = false;

  constructor(
    private readonly connection: Connection,
    private readonly policy: OfflinePolicy,
    private readonly logger: Logger,
  ) {
    const { outgoingStore } = connection.options.mqtt;
    const warn = (message: string): void => logger.warn(message);
    this.store = outgoingStore && new OutgoingStore(outgoingStore, warn, connection.answerTimeoutMs);
    this.window = new InFlightWindow({
      identifiers: connection.identifiers,
      store: this.store,
      onRoom: () => this.pump(),
      onCleared: () => connection.suspicionCleared(),
      onLowered: () => this.warnOfLoweredQoS(),
      onGivenUp: (message) => this.suspects.refuseAgain(message),
    });
    this.durable =
      this.store &&
      new DurableQueue({
        store: this.store,
        identifiers: connection.identifiers,
        adopt: (stored) => this.window.adopt(stored, (error) => this.warnOfAdopted(stored.message, error)),
        onFailed: (kept, error) => this.notKept(kept, error),
        onKept: () => this.pump(),
      });
    connection.on('session', ({ sessionPresent }) => {
      if (!sessionPresent) this.sessionLost = true;
    });
    connection.on('lost', (loss) => this.lost(loss));
    connection.on('attemptFailed', ({ answered }) => {
      if (!answered) this.trustAll();
      if (policy.offline === 'fail') this.failWaiting();
    });
    connection.on('drained', () => this.pump());
    connection.on('closed', (error) => this.end(error));
  }

  /** Number of queued messages. */
  get queued(): number {
    return this.waiting.size;
  }

  /** Number of QoS 1 and 2 messages that are sent and not acknowledged yet. */
  get inFlight(): number {
    return this.window.size;
  }

  /** Number of messages without a result. */
  get pending(): number {
    return this.waiting.size + this.window.size;
  }

  /** Like {@link send}, with a promise. Resolves with the reason code of the acknowledgement. */
  publish(message: OutgoingMessage): Promise<number> {
    return new Promise((resolve, reject) => {
      this.send(message, (error, reasonCode) => (error ? reject(error) : resolve(reasonCode)));
    });
  }

  /**
   * Sends a message at once if possible, else queues it. Connects if there has been no attempt yet.
   *
   * @param settled called once, never within this call
   * @returns the queued message, which can be withdrawn; undefined when it has been passed to the connection, or refused
   */
  send(message: OutgoingMessage, settled: PublishSettled): Waiting | undefined {
    const refusal =
      this.ended ?? textRefusal(message, this.connection.options.discouragedCharacters) ?? this.refusalOf(message);
    if (refusal) {
      process.nextTick(settled, refusal, 0);
      return undefined;
    }
    if (this.writer && this.waiting.size === 0 && this.isReady(message, this.writer)) {
      this.write(message, settled, this.writer);
      return undefined;
    }
    const problem = this.queueProblem(message);
    if (problem) {
      process.nextTick(settled, problem, 0);
      return undefined;
    }
    const entry: Waiting = { message, settled, expiresAt: expiryTime(message), place: undefined, kept: undefined };
    entry.place = this.waiting.push(entry);
    if (message.qos > 0) entry.kept = this.durable?.keep(message);
    this.connection.connectIfIdle();
    if (this.writer) this.pump(); // a message to a suspect topic is sent alone
    return entry;
  }

  /**
   * Removes a message from the queue: it is never sent, and its callback is not called.
   *
   * @returns whether it was still queued
   */
  withdraw(entry: Waiting): boolean {
    if (!entry.place) return false;
    this.drop(entry);
    this.noteProgress();
    return true;
  }

  /** An acknowledgement has arrived. @returns whether it was for a message of this publisher */
  acknowledged(kind: AcknowledgementKind, identifier: number, reasonCode: number): boolean {
    const known = this.window.acknowledged(kind, identifier, reasonCode);
    if (known) this.noteProgress();
    return known;
  }

  /** Starts to send messages: called when the subscriptions of a new connection are granted. */
  async open(sessionPresent: boolean): Promise<void> {
    const { writer } = this.connection;
    if (!writer) return;
    if (this.durable && !this.durable.read) await this.durable.takeOver();
    const { limits, protocolVersion } = this.connection;
    if (this.connection.writer !== writer || this.writer === writer) return; // lost meanwhile, or open already
    this.writer = writer;
    this.pendingRefusal = undefined; // the topic stays refused
    const resumed = sessionPresent && !this.sessionLost;
    this.sessionLost = false;
    this.window.resume({ writer, limits: limits!, protocolVersion }, resumed);
    this.pump();
  }

  /** Resolves when every message has its result. */
  whenEmpty(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptied.push(resolve));
  }

  /** Resolves when the store, if there is one, has written what it was told. Never rejects. */
  async closeStore(): Promise<void> {
    await this.store?.close();
  }

  /** Nobody else is told: who published it has ended. */
  private warnOfAdopted({ topic }: OutgoingMessage, error: Error | undefined): void {
    if (!error || this.ended) return; // then the store keeps it
    const which = topic === '' ? '' : ` to "${topic}"`;
    this.logger.warn(`A message${which} of an earlier process, from the outgoingStore, has failed: ${error.message}`);
  }

  /** Said once: it goes for every message. */
  private warnOfLoweredQoS(): void {
    if (this.loweringTold) return;
    this.loweringTold = true;
    this.logger.warn(
      `${this.connection.broker} answers QoS 2 with PUBACK: it handles such messages as QoS 1, and may deliver them twice.`,
    );
  }

  private noteProgress(): void {
    if (this.emptied.length === 0 || this.pending > 0) return;
    for (const resolve of this.emptied.splice(0)) resolve();
  }

  private isReady(message: OutgoingMessage, writer: Writer): boolean {
    if (writer.full || this.probing !== undefined || this.window.sending) return false;
    if (message.qos > 0) return this.window.hasRoom(message);
    return !this.suspects.isSuspect(message.topic);
  }

  /** Sends queued messages, as far as possible. */
  private pump(): void {
    for (let next = this.waiting.first; next && this.writer; next = this.waiting.first) {
      const { message, settled, expiresAt } = next;
      const refusal = this.refusalOf(message); // it may have been queued before the broker's limits were known
      const problem = refusal ?? (hasExpired(expiresAt) ? expiredError(message) : undefined);
      if (!problem && (next.kept?.stored === false || !this.isReady(message, this.writer))) {
        if (message.qos === 0 && this.suspects.isSuspect(message.topic)) void this.probe(next, this.writer);
        return;
      }
      if (problem) this.refuse(next, problem);
      else {
        this.leave(next);
        if (next.kept) this.durable!.sent(next.kept);
        this.write(message, settled, this.writer, expiresAt, next.kept?.identifier);
      }
    }
    this.noteProgress();
  }

  private refuse(entry: Waiting, error: Error): void {
    this.drop(entry);
    process.nextTick(entry.settled, error, 0);
  }

  /** Removes a message from the queue that will not be sent. */
  private drop(entry: Waiting): void {
    this.leave(entry);
    if (entry.kept) this.durable!.drop(entry.kept);
  }

  /** The store has not accepted a queued message. */
  private notKept(kept: KeptMessage, error: Error): void {
    for (const entry of this.waiting) {
      if (entry.kept !== kept) continue;
      this.leave(entry);
      entry.settled(error, 0);
      break;
    }
    this.pump();
  }

  private leave(entry: Waiting): void {
    this.waiting.remove(entry.place!);
    entry.place = undefined;
  }

  /**
   * @param waitedUntil expiry of a message that has waited; undefined for one that has not
   * @param stored its Packet Identifier in the store
   */
  private write(
    message: OutgoingMessage,
    settled: PublishSettled,
    writer: Writer,
    waitedUntil?: number,
    stored?: number,
  ): void {
    try {
      if (message.qos > 0) this.window.send(message, settled, waitedUntil, stored);
      else {
        this.suspects.note(message.topic);
        writer.publish(withRemainingExpiry(message, waitedUntil), 0, false, settled);
      }
    } catch (error) {
      process.nextTick(settled, error, 0); // too large for a packet, or no free identifier
    }
  }

  /** Sends a QoS 0 message to a suspect topic alone: no other message is sent until the broker has accepted it. */
  private async probe(entry: Waiting, writer: Writer): Promise<void> {
    if (this.probing !== undefined || this.window.size > 0 || writer.full) return;
    const { message, settled, expiresAt } = entry;
    const { topic } = message;
    this.probing = ''; // first wait until the broker has received what was sent before
    await this.answered();
    if (this.writer !== writer) return; // the connection was lost; see lost()
    if (!entry.place || hasExpired(expiresAt)) {
      this.probing = undefined;
      this.pump();
      return;
    }
    this.leave(entry);
    this.probing = topic;
    writer.publish(withRemainingExpiry(message, expiresAt), 0, false, (error) => {
      if (!error) settled(undefined, 0);
      else settled(this.suspects.isRefused(topic) ? refusalByCode(topic, ReasonCode.UNSPECIFIED_ERROR) : error, 0);
    });
    await this.answered();
    if (this.writer !== writer) return;
    this.probing = undefined;
    this.suspects.clear(topic);
    this.connection.suspicionCleared();
    this.pump();
  }

  /** Resolves when the broker has received what was sent before, or does not answer in time. */
  private async answered(): Promise<void> {
    await ping(this.connection, this.connection.answerTimeoutMs);
  }

  /** The broker could not be reached: no message caused the loss. */
  private trustAll(): void {
    this.window.trustAll();
    this.suspects.trustAll();
    if (this.pendingRefusal !== undefined) this.suspects.allow(this.pendingRefusal);
    this.pendingRefusal = undefined;
  }

  private lost(loss: Loss): void {
    const { probing } = this;
    this.writer = undefined;
    this.probing = undefined;
    if (probing && loss.hangUp && !loss.suspected && !loss.explained) {
      loss.explained = true;
      this.suspects.refuse(probing);
      if (loss.reasonCode === undefined) this.pendingRefusal = probing; // a broker that was killed sends no DISCONNECT either
      this.logger.warn(refusalByHangUp(probing, loss).message);
    }
    this.suspects.lost(loss);
    this.window.lost(loss);
    this.noteProgress();
  }

  /** The error for a message that the broker would refuse, or because of which it has closed the connection. */
  private refusalOf(message: OutgoingMessage): Error | undefined {
    const { limits, protocolVersion } = this.connection;
    const refusal = limits && limitRefusal(message, limits, protocolVersion);
    if (refusal || this.suspects.isEmpty) return refusal;
    const refused = message.qos === 0 ? this.suspects.isRefused(message.topic) : this.suspects.isRefusedAgain(message);
    return refused ? refusalByCode(message.topic, ReasonCode.UNSPECIFIED_ERROR) : undefined;
  }

  private queueProblem({ topic }: OutgoingMessage): Error | undefined {
    const { connection, policy } = this;
    if (connection.connected) {
      if (this.waiting.size < MAX_WAITING_CONNECTED) return undefined;
      const what = `${connection.broker} accepts messages more slowly than they are published, and the message to "${topic}" cannot be queued`;
      return new BackpressureError('the queue of messages that wait', MAX_WAITING_CONNECTED, what);
    }
    if (policy.offline === 'fail' && connection.offline) return this.offlineError(topic);
    if (this.waiting.size >= policy.maxQueuedMessages) this.dropExpired();
    if (this.waiting.size < policy.maxQueuedMessages) return undefined;
    const what = `No connection, and no room to queue the message to "${topic}"`;
    return new BackpressureError('maxQueuedMessages', policy.maxQueuedMessages, what);
  }

  private offlineError(topic: string): ConnectionClosedError {
    const { broker, lastError: cause } = this.connection;
    return new ConnectionClosedError(`There is no connection to ${broker} to publish to "${topic}" on.`, false, {
      cause,
    });
  }

  /** `offline: 'fail'`: the first connection has failed. */
  private failWaiting(): void {
    this.failAll(({ message }) => this.offlineError(message.topic));
    this.noteProgress();
  }

  private dropExpired(): void {
    for (const entry of this.waiting) {
      if (!hasExpired(entry.expiresAt)) continue;
      this.refuse(entry, expiredError(entry.message));
    }
  }

  /** Rejects all queued messages, including those that a callback adds. */
  private failAll(errorOf: (entry: Waiting) => Error): void {
    for (let next = this.waiting.first; next; next = this.waiting.first) {
      this.drop(next);
      next.settled(errorOf(next), 0);
    }
  }

  private end(error: Error | undefined): void {
    const { broker } = this.connection;
    const ended = (this.ended = error ?? new ConnectionClosedError(`The connection to ${broker} is closed.`, false));
    this.writer = undefined;
    this.durable?.end();
    for (let next = this.waiting.first; next; next = this.waiting.first) {
      this.leave(next);
      next.settled(next.kept?.identifier === undefined ? ended : leftInStoreError(next, error), 0);
    }
    this.window.end(error);
    void this.closeStore();
    this.noteProgress();
  }
}

function leftInStoreError({ message }: Waiting, cause: Error | undefined): ConnectionClosedError {
  const what = `The connection was closed before the message to "${message.topic}" was sent: it stays in the outgoingStore, and the next process with that store sends it.`;
  return new ConnectionClosedError(what, true, { cause });
}
