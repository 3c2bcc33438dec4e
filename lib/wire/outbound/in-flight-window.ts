import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { isFailure, ReasonCode } from '../../protocol/reason-code.js';
import type { BrokerLimits } from '../connection/broker-limits.js';
import type { Loss } from '../connection/loss.js';
import { expiryTime, hasExpired, withRemainingExpiry } from './message-expiry.js';
import type { OutgoingStore } from './outgoing-store.js';
import type { StoredMessage } from './stored-message.js';
import type { PacketIdentifiers } from './packet-identifiers.js';
import { refusalByCode, refusalByHangUp, sizeOf } from './publish-refusal.js';
import { PUBREL, type PublishSettled, type Writer } from './writer.js';

interface Entry {
  readonly message: OutgoingMessage;
  /** Expiry, in milliseconds since the epoch; `Infinity` for never. */
  readonly expiresAt: number;
  readonly settled: PublishSettled;
  /** QoS 2: PUBREC has arrived, so the message itself is not sent again [MQTT-4.3.3-6]. */
  released: boolean;
  /** Reason code of the PUBREC of a QoS 2 message. */
  reasonCode: number;
  /** Whether the broker has closed a connection when this was its first unanswered message. */
  suspect: boolean;
}

/** The present connection, as used by the window. */
export interface WindowConnection {
  readonly writer: Writer;
  readonly limits: BrokerLimits;
  readonly protocolVersion: 4 | 5;
}

interface WindowParts {
  readonly identifiers: PacketIdentifiers;
  /** Store of the application, in which unacknowledged messages survive the process. */
  readonly store: OutgoingStore | undefined;
  /** A message is acknowledged, so that another one may be sent. */
  readonly onRoom: () => void;
  /** A suspect has been acknowledged: it did not cause the loss. */
  readonly onCleared: () => void;
  /** The broker has accepted a QoS 2 message at QoS 1. */
  readonly onLowered: () => void;
  /** The broker has closed the connection twice because of a message. */
  readonly onGivenUp: (message: OutgoingMessage) => void;
}

/** Acknowledgements of sent messages (sections 3.4 to 3.7). */
export type AcknowledgementKind = 'puback' | 'pubrec' | 'pubcomp';

/**
 * QoS 1 and 2 messages from the time they are written until the broker has acknowledged them. After a loss they are sent again on the next
 * connection, in order, with their Packet Identifiers [MQTT-4.4.0-1, MQTT-4.6.0-1].
 *
 * A message because of which the broker may have closed the connection is sent again alone; when the connection is closed once more, the
 * message fails.
 *
 * @internal
 */
export class InFlightWindow {
  /** By Packet Identifier, oldest first. */
  private readonly entries = new Map<number, Entry>();
  private connection: WindowConnection | undefined;
  /** Number of QoS 2 messages among them. */
  private qos2 = 0;
  /** Messages of the lost connection that have not been sent again yet. */
  private unsent: number[] = [];
  /** The suspect that has been sent again alone. */
  private probed: number | undefined;
  /** The suspect with which the connection has ended once more, until it is known whether the broker can be reached. */
  private pendingRefusal: { readonly identifier: number; readonly loss: Loss } | undefined;
  /** A message that is being stored: later ones wait, because messages are sent in order. */
  private storing: number | undefined;
  /** Whether the broker may have received the messages that are sent again. In a new session it has not, and DUP is not set [MQTT-3.3.1-1]. */
  private resumed = false;

  constructor(private readonly parts: WindowParts) {}

  get size(): number {
    return this.entries.size;
  }

  /** Whether accepted messages have not been sent yet: all others wait behind them. */
  get sending(): boolean {
    return this.unsent.length > 0 || this.probed !== undefined || this.storing !== undefined;
  }

  /** Whether the broker's Receive Maximum allows one more (section 3.2.2.3.3). */
  hasRoom({ qos }: OutgoingMessage): boolean {
    return this.entries.size < this.windowFor(this.connection!.limits, qos);
  }

  private windowFor({ receiveMaximum, receiveMaximumQoS2 }: BrokerLimits, qos?: number): number {
    return qos === 2 || this.qos2 > 0 ? receiveMaximumQoS2 : receiveMaximum;
  }

  /**
   * Sends a message. Requires a connection, and that {@link hasRoom} is true.
   *
   * @param waitedUntil expiry of a message that has waited, in milliseconds since the epoch
   * @param stored its Packet Identifier, if it is in the store already
   * @throws RangeError when it is too large for a packet; and any error of the application's `messageIdProvider`
   */
  send(message: OutgoingMessage, settled: PublishSettled, waitedUntil?: number, stored?: number): void {
    const identifier = stored ?? this.parts.identifiers.take();
    if (identifier === undefined) throw new Error('No Packet Identifier is free.');
    const expiresAt = waitedUntil ?? expiryTime(message);
    this.add(identifier, { message, expiresAt, settled, released: false, reasonCode: 0, suspect: false });
    if (this.parts.store && stored === undefined) {
      this.storeAndWrite(identifier, message, this.parts.store);
      return;
    }
    try {
      this.connection!.writer.publish(withRemainingExpiry(message, waitedUntil), identifier, false);
    } catch (error) {
      this.remove(identifier);
      if (stored !== undefined) this.parts.store?.delete(stored);
      throw error;
    }
  }

  /** Messages of an earlier process, which the store has kept: they are sent again with the first connection. */
  adopt({ identifier, message, released }: StoredMessage, settled: PublishSettled): void {
    if (this.entries.has(identifier)) return;
    this.parts.identifiers.claim(identifier);
    const expiresAt = expiryTime(message);
    this.add(identifier, { message, expiresAt, settled, released, reasonCode: 0, suspect: false });
  }

  /** @returns whether the acknowledgement is for a message of this window */
  acknowledged(kind: AcknowledgementKind, identifier: number, reasonCode: number): boolean {
    const entry = this.entries.get(identifier);
    if (!entry) return false;
    const { message } = entry;
    if (kind === 'pubrec' && !isFailure(reasonCode)) {
      if (message.qos !== 2) return true; // not the acknowledgement of this exchange
      this.release(identifier, entry, reasonCode);
      return true;
    }
    const lowered = kind === 'puback' && this.isLowered(entry);
    if (!lowered && ((message.qos === 2) !== (kind !== 'puback') || (kind === 'pubcomp' && !entry.released)))
      return true;
    if (lowered) this.parts.onLowered();
    const failed =
      isFailure(reasonCode) && !(kind === 'pubcomp' && reasonCode === ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
    const refusal = failed ? refusalByCode(message.topic, reasonCode) : undefined;
    this.finish(identifier, refusal, kind === 'pubcomp' ? entry.reasonCode : reasonCode);
    return true;
  }

  /**
   * Whether a PUBACK ends the exchange of a QoS 2 message. On 3.1.1, which has no Maximum QoS, a broker without QoS 2, such as RabbitMQ,
   * handles the message at QoS 1 and sends no PUBREC.
   */
  private isLowered({ message, released }: Entry): boolean {
    return message.qos === 2 && !released && this.connection?.protocolVersion === 4;
  }

  /** A new connection: sends the messages of the lost one again, as far as Receive Maximum allows. */
  resume(connection: WindowConnection, sessionPresent: boolean): void {
    const { pendingRefusal } = this;
    this.connection = connection;
    this.resumed = sessionPresent;
    this.pendingRefusal = undefined;
    const givenUp = sessionPresent ? [] : this.removeReleased();
    this.unsent = [...this.entries.keys()]; // waiting messages stay behind these
    for (const { message, settled } of givenUp) settled(sessionLostError(message.topic), 0);
    if (pendingRefusal) this.refuse(pendingRefusal.identifier, pendingRefusal.loss);
    this.sendUnsent();
  }

  /** The connection was lost. */
  lost(loss: Loss): void {
    const { probed, unsent } = this;
    const waiting = new Set(unsent);
    this.connection = undefined;
    this.unsent = [];
    this.probed = undefined;
    if (loss.reasonCode === ReasonCode.PACKET_TOO_LARGE) this.refuseLargest(loss);
    else if (loss.hangUp && probed !== undefined && !loss.suspected && !loss.explained) this.refuseLater(probed, loss);
    else if (loss.hangUp) this.suspect(loss, waiting);
    else this.trustAll();
  }

  /** The broker could not be reached: no message caused the loss. */
  trustAll(): void {
    this.pendingRefusal = undefined;
    for (const entry of this.entries.values()) entry.suspect = false;
  }

  /** The connection is closed. */
  end(cause: Error | undefined): void {
    const entries = [...this.entries];
    for (const [identifier] of entries) this.remove(identifier);
    this.unsent = [];
    for (const [, { message, settled }] of entries) {
      const what = `The connection was closed before the broker acknowledged the message to "${message.topic}".`;
      settled(new ConnectionClosedError(what, true, { cause }), 0);
    }
  }

  /** QoS 2: the broker had received them, and has lost the session. They could be delivered twice if they were sent again [MQTT-3.2.2-5]. */
  private removeReleased(): Entry[] {
    const released = [...this.entries].filter(([, entry]) => entry.released);
    for (const [identifier] of released) {
      this.remove(identifier);
      this.parts.store?.delete(identifier);
    }
    return released.map(([, entry]) => entry);
  }

  private add(identifier: number, entry: Entry): void {
    this.entries.set(identifier, entry);
    if (entry.message.qos === 2) this.qos2++;
  }

  private remove(identifier: number): Entry | undefined {
    const entry = this.entries.get(identifier);
    if (!entry) return undefined;
    this.entries.delete(identifier);
    this.parts.identifiers.free(identifier);
    if (entry.message.qos === 2) this.qos2--;
    if (this.storing === identifier) this.storing = undefined;
    return entry;
  }

  private storeAndWrite(identifier: number, message: OutgoingMessage, store: OutgoingStore): void {
    this.storing = identifier;
    store.put(identifier, message, (error) => {
      if (this.storing !== identifier) return; // the window has been closed
      this.storing = undefined;
      const entry = this.entries.get(identifier)!;
      if (error) this.finish(identifier, error, 0);
      else if (this.connection && !this.unsent.includes(identifier)) {
        this.connection.writer.publish(withRemainingExpiry(message, entry.expiresAt), identifier, false);
        this.parts.onRoom();
      }
    });
  }

  private release(identifier: number, entry: Entry, reasonCode: number): void {
    entry.released = true;
    entry.reasonCode = reasonCode;
    this.passed(identifier, entry);
    this.parts.store?.release(identifier);
    this.connection?.writer.acknowledge(PUBREL, identifier);
    this.sendUnsent();
  }

  /** The broker has acknowledged the message: it did not cause the loss. */
  private passed(identifier: number, entry: Entry): void {
    if (entry.suspect) this.parts.onCleared();
    entry.suspect = false;
    if (this.probed === identifier) this.probed = undefined;
  }

  private finish(identifier: number, error: Error | undefined, reasonCode: number): void {
    const entry = this.remove(identifier);
    if (!entry) return;
    this.passed(identifier, entry);
    this.parts.store?.delete(identifier);
    entry.settled(error, reasonCode);
    this.sendUnsent();
    this.parts.onRoom();
  }

  private sendUnsent(): void {
    const { connection } = this;
    if (!connection) return;
    while (this.unsent.length > 0 && this.probed === undefined) {
      const identifier = this.unsent[0]!;
      const entry = this.entries.get(identifier);
      const outstanding = this.entries.size - this.unsent.length;
      if (entry && outstanding >= (entry.suspect ? 1 : this.windowFor(connection.limits))) return;
      this.unsent.shift();
      if (entry && identifier !== this.storing) this.sendAgain(identifier, entry, connection.writer);
    }
  }

  private sendAgain(identifier: number, entry: Entry, writer: Writer): void {
    const { message, expiresAt, released } = entry;
    if (released) {
      writer.acknowledge(PUBREL, identifier);
      return;
    }
    if (!this.resumed && hasExpired(expiresAt)) {
      this.finish(identifier, expiredOnTheWayError(message.topic), 0);
      return;
    }
    if (entry.suspect) this.probed = identifier;
    try {
      writer.publish(withRemainingExpiry(message, expiresAt), identifier, this.resumed);
    } catch (error) {
      this.finish(identifier, error as Error, 0); // properties that a store has made up
    }
  }

  /**
   * Acknowledgements arrive in order: if a message caused the loss, it is the first unanswered one. If the loss repeats, the broker may be
   * one that answers late, and all messages are suspects.
   */
  private suspect(loss: Loss, unsent: ReadonlySet<number>): void {
    for (const [identifier, entry] of this.entries) {
      if (entry.released || unsent.has(identifier)) continue;
      entry.suspect = loss.suspected = true;
      if (!loss.repeated) return;
    }
  }

  /**
   * The connection has ended twice with this message. This may be a coincidence: after the broker was killed, a reconnect at once fails;
   * after it closed the connection because of the message, a reconnect succeeds.
   */
  private refuseLater(identifier: number, loss: Loss): void {
    loss.explained = true;
    if (loss.reasonCode !== undefined) this.refuse(identifier, loss);
    else this.pendingRefusal = { identifier, loss };
  }

  private refuse(identifier: number, loss: Loss): void {
    const entry = this.entries.get(identifier);
    if (!entry) return;
    entry.suspect = false; // it is refused now
    this.parts.onGivenUp(entry.message);
    this.finish(identifier, refusalByHangUp(entry.message.topic, loss), 0);
  }

  /** The broker reports a packet as too large (0x95), without a Maximum Packet Size in its CONNACK. It is not sent again. */
  private refuseLargest(loss: Loss): void {
    const sizes = [...this.entries]
      .filter(([, { released }]) => !released)
      .map(([identifier, { message }]) => ({ identifier, size: sizeOf(message, loss.protocolVersion) }));
    const largest = sizes.toSorted((a, b) => b.size - a.size)[0];
    if (!largest) return;
    loss.explained = true;
    const { topic } = this.entries.get(largest.identifier)!.message;
    this.finish(largest.identifier, refusalByCode(topic, ReasonCode.PACKET_TOO_LARGE), 0);
  }
}

function expiredOnTheWayError(topic: string): ConnectionClosedError {
  const what = `The message to "${topic}" was sent, then the broker lost the session and the message expired: it is not known whether it was delivered.`;
  return new ConnectionClosedError(what, true);
}

function sessionLostError(topic: string): ConnectionClosedError {
  const what = `The broker lost the session before it completed the exchange for the message to "${topic}": it is not known whether the message was delivered.`;
  return new ConnectionClosedError(what, true);
}
