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

/** What becomes of messages while there is no connection. */
export interface OfflinePolicy {
  readonly offline: 'queue' | 'fail';
  readonly maxQueuedMessages: number;
}

/** A message that waits for a connection, for room in the broker's window, or for a broker that does not read. */
export interface Waiting {
  readonly message: OutgoingMessage;
  readonly settled: PublishSettled;
  /** Milliseconds since the epoch; `Infinity` for never. */
  readonly expiresAt: number;
  /** @internal where it stands; undefined once it has left the queue */
  place: QueuePlace<Waiting> | undefined;
  /** @internal where the store keeps it; undefined without a store, and at QoS 0 */
  kept: KeptMessage | undefined;
}

/** Messages that wait while there is a connection: the broker, or its window, is slower than the application. */
const MAX_WAITING_CONNECTED = 100_000;

/**
 * Sends messages in the order in which they are handed over, whatever the connection is doing meanwhile, and sees every one of
 * them through to its end.
 *
 * @internal
 */
export class Publisher {
  private readonly waiting = new LinkedQueue<Waiting>();
  private readonly window: InFlightWindow;
  private readonly suspects = new SuspectTopics();
  private readonly store: OutgoingStore | undefined;
  /** Messages at QoS 1 and 2 that wait, where there is a store: they are in it. */
  private readonly durable: DurableQueue | undefined;
  /** Whether the broker has lost the session since messages went out last, maybe on a connection on which none did. */
  private sessionLost = false;
  /** Set while messages go out: there is a connection, and its subscriptions stand. */
  private writer: Writer | undefined;
  /** Topic of the QoS 0 message that has been sent alone, to see whether the broker takes it. */
  private probing: string | undefined;
  /** Topic that is refused since the connection ended over it, until it is known whether the broker is there all the same. */
  private condemned: string | undefined;
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

  /** Messages that wait to be sent. */
  get queued(): number {
    return this.waiting.size;
  }

  /** QoS 1 and 2 messages that are sent and not acknowledged yet. */
  get inFlight(): number {
    return this.window.size;
  }

  /** Messages whose end is not known yet. */
  get pending(): number {
    return this.waiting.size + this.window.size;
  }

  /** As {@link send}, with a promise for its end. Resolves with the reason code of the acknowledgement. */
  publish(message: OutgoingMessage): Promise<number> {
    return new Promise((resolve, reject) => {
      this.send(message, (error, reasonCode) => (error ? reject(error) : resolve(reasonCode)));
    });
  }

  /**
   * Sends a message now if it can, else when its turn comes. Connects if there has been no attempt yet.
   *
   * @param settled called once, never within this call
   * @returns the message where it waits, so that it can be withdrawn; undefined when it has been handed to the connection, or refused
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
    if (this.writer) this.pump(); // a suspect is probed
    return entry;
  }

  /**
   * Removes a message from the queue: it is never sent, and its callback is not called.
   *
   * @returns whether it was still waiting
   */
  withdraw(entry: Waiting): boolean {
    if (!entry.place) return false;
    this.drop(entry);
    this.noteProgress();
    return true;
  }

  /** An acknowledgement has come. @returns whether it was for a message of this publisher */
  acknowledged(kind: AcknowledgementKind, identifier: number, reasonCode: number): boolean {
    const known = this.window.acknowledged(kind, identifier, reasonCode);
    if (known) this.noteProgress();
    return known;
  }

  /** Lets messages out: called when the subscriptions of a new connection stand. */
  async open(sessionPresent: boolean): Promise<void> {
    const { writer } = this.connection;
    if (!writer) return;
    if (this.durable && !this.durable.read) await this.durable.takeOver();
    const { limits, protocolVersion } = this.connection;
    if (this.connection.writer !== writer || this.writer === writer) return; // lost meanwhile, or open already
    this.writer = writer;
    this.condemned = undefined; // the verdict stands
    const resumed = sessionPresent && !this.sessionLost;
    this.sessionLost = false;
    this.window.resume({ writer, limits: limits!, protocolVersion }, resumed);
    this.pump();
  }

  /** Resolves when every message has come to its end. */
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

  /** Sends what waits, as far as it can be. */
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

  /** Takes one out of the queue that is never sent. */
  private drop(entry: Waiting): void {
    this.leave(entry);
    if (entry.kept) this.durable!.drop(entry.kept);
  }

  /** The store did not take one that waits. */
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
   * @param waitedUntil when a message expires that has waited; undefined for one that has not
   * @param stored the Packet Identifier with which the store has it
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
      process.nextTick(settled, error, 0); // too large for any packet, or no identifier
    }
  }

  /** A QoS 0 message to a suspect topic: it goes out alone, and nothing goes out until the broker has taken it. */
  private async probe(entry: Waiting, writer: Writer): Promise<void> {
    if (this.probing !== undefined || this.window.size > 0 || writer.full) return;
    const { message, settled, expiresAt } = entry;
    const { topic } = message;
    this.probing = ''; // what went out before is answered first
    await this.answered();
    if (this.writer !== writer) return; // the connection is gone; see lost()
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

  /** Resolves when the broker has taken what was sent before, or does not say so in time. */
  private async answered(): Promise<void> {
    await ping(this.connection, this.connection.answerTimeoutMs);
  }

  /** The broker could not be reached: it was not a message that ended the connection. */
  private trustAll(): void {
    this.window.trustAll();
    this.suspects.trustAll();
    if (this.condemned !== undefined) this.suspects.pardon(this.condemned);
    this.condemned = undefined;
  }

  private lost(loss: Loss): void {
    const { probing } = this;
    this.writer = undefined;
    this.probing = undefined;
    if (probing && loss.hangUp && !loss.suspected && !loss.explained) {
      loss.explained = true;
      this.suspects.refuse(probing);
      if (loss.reasonCode === undefined) this.condemned = probing; // a broker that was killed says nothing either
      this.logger.warn(refusalByHangUp(probing, loss).message);
    }
    this.suspects.lost(loss);
    this.window.lost(loss);
    this.noteProgress();
  }

  /** What the broker would have to refuse, or has ended the connection over. */
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
      const what = `${connection.broker} does not take messages as fast as they are published, and the one to "${topic}" finds no room`;
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

  /** `offline: 'fail'`: the first connection has been waited for, and did not come about. */
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

  /** A callback may send again, and that waits too. */
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
  const what = `The connection was closed before the message to "${message.topic}" was sent: it is in the outgoingStore, and the next process that has the store sends it.`;
  return new ConnectionClosedError(what, true, { cause });
}
