import { EventEmitter } from 'node:events';
import type { Logger } from '@nestjs/common';
import type { IConnackPacket, MqttClient, Packet } from 'mqtt';
import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import type { RefusedFilter } from '../../errors/subscription-refused.error.js';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import { ReasonCode } from '../../protocol/reason-code.js';
import { inTime } from '../../timing/in-time.js';
import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';
import { ProtocolViolation } from '../inbound/protocol-violation.js';
import type { AcknowledgementKind } from '../outbound/in-flight-window.js';
import { OutboundTopicAliases } from '../outbound/outbound-topic-aliases.js';
import { PacketIdentifiers } from '../outbound/packet-identifiers.js';
import type { Writer } from '../outbound/writer.js';
import { brokerLimits, UNLIMITED_RECEIVE_MAXIMUM, type BrokerLimits } from './broker-limits.js';
import { brokerDisconnect, mayBeHangUp, refusedConnack, type ConnectionFailure } from './connection-failure.js';
import { connectHint } from './connect-hint.js';
import { ConnectionLog } from './connection-log.js';
import { createControlClient, endControlClient } from './control-client.js';
import { Endpoints } from '../network/endpoints.js';
import type { Loss } from './loss.js';
import { NetworkConnection, type NetworkHost, type PacketHandler } from './network-connection.js';
import { PacketEvents } from './packet-events.js';
import { reasonOf, Reconnection } from './reconnection.js';
import { renewCredentials } from './renew-credentials.js';

/** The session of a new network connection. */
export interface SessionStart {
  /** Whether the broker resumes an earlier session (Session Present). */
  readonly sessionPresent: boolean;
  /** Whether this is the first connection of this process. */
  readonly first: boolean;
}

export interface ConnectionEvents {
  /** The broker accepted the connection; no other packet has been handled yet. */
  session: [SessionStart];
  /** Connected. */
  connected: [SessionStart];
  /** A packet for MQTT.js has arrived. */
  control: [Packet];
  /** The socket has drained: more messages can be written. */
  drained: [];
  /** The network connection has ended. */
  lost: [Loss];
  /** The broker has granted a Topic Filter, with this maximum QoS. */
  granted: [string, QoS];
  /** The broker has refused a Topic Filter. */
  refused: [RefusedFilter];
  /** A connection attempt has failed. */
  attemptFailed: [ConnectionFailure];
  /** A new attempt starts. */
  reconnecting: [];
  /** The connection is closed by this side, or given up with an error. No event follows. */
  closed: [Error | undefined];
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;

/**
 * The connection to a broker, across network connections: when to connect, when to retry, when to give up.
 *
 * Messages and subscriptions are handled by {@link Publisher}, {@link Subscriber} and {@link InboundMessages}.
 *
 * @internal
 */
export class Connection extends EventEmitter<ConnectionEvents> implements NetworkHost {
  readonly client: MqttClient;
  /** URL without credentials, and the name of the broker if it has one; see {@link address}. */
  readonly broker: string;
  readonly identifiers: PacketIdentifiers;
  /** Capabilities of the broker; undefined before the first accepted CONNACK. */
  limits: BrokerLimits | undefined;
  /** Error of the latest network connection or attempt. */
  lastError: Error | undefined;
  /** Handles the packets of the data plane. */
  handler: PacketHandler | undefined;

  private phase: 'idle' | 'connecting' | 'connected' | 'resuming' | 'waiting' | 'closed' = 'idle';
  private readonly reconnection: Reconnection;
  private readonly endpoints: Endpoints;
  private readonly log: ConnectionLog;
  private readonly packets: PacketEvents;
  private network: NetworkConnection | undefined;
  /** Whether the broker has accepted the present network connection. */
  private accepted = false;
  /** Whether the broker may have closed the previous connection because of a packet. */
  private hungUp = false;
  /** Whether a packet is suspected to have caused the latest loss. */
  private suspected = false;
  private waiters: Waiter[] = [];
  private failure: ConnectionFailure | undefined;
  /** Aborted when the connection is closed. */
  private readonly over = new AbortController();
  private timer: LongTimeout | undefined;

  constructor(
    readonly options: ResolvedConnectionOptions,
    logger: Logger,
  ) {
    super();
    this.setMaxListeners(0);
    this.endpoints = new Endpoints(options);
    const { name } = options;
    this.broker = name === undefined ? this.endpoints.label : `"${name}" at ${this.endpoints.label}`;
    this.reconnection = new Reconnection(options, this.broker);
    this.log = new ConnectionLog(logger, this.broker, options.clientId);
    this.identifiers = new PacketIdentifiers(options.mqtt.messageIdProvider);
    this.client = createControlClient(options, this.identifiers.control, () => this.network!.control);
    this.client.setMaxListeners(0);
    this.packets = new PacketEvents(this.client, logger);
    this.client.on('connect', (packet) => this.onConnect(packet));
    this.client.on('error', (error) => this.onError(error));
    this.client.on('close', () => this.onClose());
  }

  /** URL of the broker, without credentials. */
  get address(): string {
    return this.endpoints.label;
  }

  get connected(): boolean {
    return this.phase === 'connected';
  }

  /** Whether the connection was lost or could not be made, and is retried. */
  get offline(): boolean {
    return this.phase === 'waiting' || (this.phase === 'connecting' && this.lastError !== undefined);
  }

  get closed(): boolean {
    return this.phase === 'closed';
  }

  /** Writer of the present network connection; undefined before the broker has accepted it, and while it is being closed. */
  get writer(): Writer | undefined {
    return this.accepted && this.network?.writer.usable ? this.network.writer : undefined;
  }

  get protocolVersion(): 4 | 5 {
    return this.options.protocolVersion;
  }

  /** Receive Maximum of this client (section 3.1.2.11.3); unlimited on 3.1.1. */
  get receiveMaximum(): number {
    if (this.protocolVersion === 4) return Infinity;
    return this.options.mqtt.properties?.receiveMaximum ?? UNLIMITED_RECEIVE_MAXIMUM;
  }

  /** Maximum time in milliseconds for the broker to answer a packet. */
  get answerTimeoutMs(): number {
    return this.options.mqtt.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT_MS;
  }

  get clientId(): string {
    return this.options.clientId;
  }

  /**
   * Connects on the first call, and keeps the connection from then on. Resolves when it is connected.
   *
   * @throws ConnectionRefusedError when the broker refuses permanently, or the attempts are exhausted
   * @throws ConnectionClosedError when `close()` is called first
   */
  open(): Promise<void> {
    if (this.phase === 'connected') return Promise.resolve();
    if (this.phase === 'closed') return Promise.reject(this.closedError());
    const connected = new Promise<void>((resolve, reject) => this.waiters.push({ resolve, reject }));
    if (this.phase === 'idle') void this.attempt();
    return connected;
  }

  /**
   * Like {@link open}, but waits for one attempt only.
   *
   * @throws ConnectionClosedError when the attempt fails
   */
  async openAtOnce(): Promise<void> {
    let fail: ((failure: ConnectionFailure) => void) | undefined;
    const failed = new Promise<never>((_resolve, reject) => {
      fail = ({ error: cause }) => {
        const what = `There is no connection to ${this.broker}: ${reasonOf(cause)}`;
        reject(new ConnectionClosedError(what, false, { cause }));
      };
      this.once('attemptFailed', fail);
    });
    try {
      await Promise.race([this.open(), failed]);
    } finally {
      this.off('attemptFailed', fail!);
    }
  }

  /** Connects if there has been no attempt yet; the result is reported by an event. */
  connectIfIdle(): void {
    if (this.phase === 'idle') void this.attempt();
  }

  /** Closes the connection, with a DISCONNECT if it is connected. Never rejects. */
  async close(): Promise<void> {
    if (this.phase === 'closed') return;
    const started = this.phase !== 'idle';
    this.finish(undefined);
    if (started) await this.endClient();
  }

  /** Closes the network connection and reconnects at once, so that the broker redelivers withheld messages. */
  resume(): void {
    if (this.phase !== 'connected') return;
    this.phase = 'resuming';
    this.endNetwork();
  }

  /** Sends a PINGREQ; undefined when there is no connection. @returns a function that returns whether the broker has answered */
  sendPing(): (() => boolean) | undefined {
    return this.connected ? this.network?.ping() : undefined;
  }

  // ---- one attempt

  private async attempt(): Promise<void> {
    this.phase = 'connecting';
    this.failure = undefined;
    try {
      const { answerTimeoutMs: timeoutMs } = this;
      const { signal: over } = this.over;
      const options = await renewCredentials(this.client, this.options, timeoutMs, over);
      if (this.closed) return;
      const opening = NetworkConnection.open(this.endpoints.next(), options, this);
      this.network = await inTime(opening, { what: 'The network connection', timeoutMs, over });
      if (this.closed) this.network.destroy();
      else this.client.connect();
    } catch (error) {
      this.noteError(error as Error);
      this.onClose();
    }
  }

  private onConnect(packet: IConnackPacket): void {
    if (this.closed) return;
    const start: SessionStart = { sessionPresent: packet.sessionPresent, first: this.reconnection.isFirst };
    this.phase = 'connected';
    this.lastError = undefined;
    this.reconnection.connected(Date.now());
    this.log.connected(start.sessionPresent);
    this.emit('connected', start);
    for (const { resolve } of this.waiters.splice(0)) resolve();
  }

  /** Ends the attempt: MQTT.js would keep waiting after a refusal, and after a violation no packet can be trusted [MQTT-4.13.1-1]. */
  private onError(error: Error): void {
    this.noteError(error);
    if (this.phase === 'connecting' || this.phase === 'connected') this.network?.destroy();
  }

  private noteError(error: Error): void {
    this.failure ??= { error, severity: 'passing' };
  }

  private onClose(): void {
    const { phase } = this;
    if (phase === 'closed' || phase === 'waiting') return;
    this.phase = 'waiting';
    const wasConnected = phase === 'connected' || phase === 'resuming';
    const { explained, suspected } = this.lose(phase);
    if (this.closed) return; // by a listener
    if (phase === 'resuming') {
      this.tryAgain(0);
      return;
    }
    const failure: ConnectionFailure = this.failure ?? {
      error: new Error('the network connection was closed'),
      severity: 'passing',
      silent: wasConnected && !explained,
    };
    const hint = wasConnected ? undefined : connectHint(failure.error, this.endpoints.latest);
    this.fail({ ...failure, suspected: suspected && !explained, hint }, wasConnected, explained);
  }

  /** The broker has accepted the suspected packet: it did not cause the loss. */
  suspicionCleared(): void {
    if (this.suspected) this.reconnection.suspicionCleared();
    this.suspected = false;
  }

  private lose(phase: string): Pick<Loss, 'explained' | 'suspected'> {
    const { network, accepted, failure, broker, protocolVersion } = this;
    this.network = undefined;
    this.accepted = false;
    if (!accepted) return { explained: false, suspected: false };
    const stable = phase === 'connected' && this.reconnection.lost(Date.now());
    const hangUp = phase === 'connected' && mayBeHangUp(failure);
    const loss: Loss = {
      hangUp,
      repeated: hangUp && this.hungUp && !stable,
      reasonCode: failure?.reasonCode,
      broker,
      protocolVersion,
      explained: false,
      suspected: false,
    };
    this.hungUp = hangUp;
    this.emit('lost', loss);
    network?.writer.lost();
    this.suspected = loss.suspected && !loss.explained;
    return loss;
  }

  /** @param explained whether the cause has been found, and is not sent again */
  private fail(failure: ConnectionFailure, wasConnected: boolean, explained: boolean): void {
    this.lastError = failure.error;
    if (!wasConnected) {
      if (!failure.answered) this.hungUp = false;
      this.emit('attemptFailed', failure);
    }
    const redirected = this.followReference(failure);
    const next = this.reconnection.failed(redirected ? { ...failure, severity: 'passing' } : failure);
    if (typeof next !== 'number') {
      if (!this.reconnection.isFirst) this.log.givenUp(next); // before that, open() rejects with it
      this.finish(next);
      void this.endClient();
      return;
    }
    if (wasConnected) this.log.lost(failure, this.reconnection);
    else this.log.attemptFailed(failure, this.reconnection);
    // at once, but with a limit: brokers may redirect to each other
    const atOnce = explained || (redirected && this.reconnection.failedAttempts === 1);
    this.tryAgain(atOnce ? 0 : next);
  }

  /** Follows a Server Reference, if allowed; returns to the configured server when a temporary one has failed. */
  private followReference({ serverReference, moved = false }: ConnectionFailure): boolean {
    if (!this.options.followServerReference) return false;
    return serverReference === undefined ? this.endpoints.restore() : this.endpoints.redirect(serverReference, moved);
  }

  private tryAgain(delayMs: number): void {
    this.client.emit('offline');
    this.emit('reconnecting');
    if (this.phase !== 'waiting') return; // closed by a listener
    this.timer = setLongTimeout(() => {
      this.client.emit('reconnect');
      void this.attempt();
    }, delayMs);
  }

  private finish(error: Error | undefined): void {
    this.phase = 'closed';
    this.over.abort();
    this.timer?.clear();
    this.lastError = error;
    for (const { reject } of this.waiters.splice(0)) reject(this.closedError());
    this.emit('closed', error);
  }

  /** Sends a DISCONNECT if the broker has accepted the connection, so that it does not publish the will. */
  private endNetwork(): void {
    if (this.accepted) this.network?.end({ cmd: 'disconnect' });
    else this.network?.destroy();
  }

  private async endClient(): Promise<void> {
    this.endNetwork();
    await this.network?.closed;
    this.network?.writer.lost(); // its callbacks are called
    await endControlClient(this.client);
  }

  private closedError(): Error {
    return this.lastError ?? new ConnectionClosedError(`The connection to ${this.broker} is closed.`, false);
  }

  // ---- what the network connection reports

  /** @internal */
  get watched(): boolean {
    return this.packets.sentWatched;
  }

  /** @internal */
  sent(packet: Packet): void {
    this.packets.sent(packet);
  }

  /** @internal */
  drained(): void {
    if (this.connected) this.emit('drained');
  }

  /** @internal */
  publish(packet: PublishPacket, writer: Writer): void {
    this.assertAccepted('PUBLISH');
    this.packets.publish(packet);
    this.handler!.publish(packet, writer);
  }

  /** @internal */
  released(messageId: number, writer: Writer): void {
    this.assertAccepted('PUBREL');
    if (this.packets.receivedWatched) this.packets.received({ cmd: 'pubrel', messageId });
    this.handler!.released(messageId, writer);
  }

  /** @internal */
  acknowledged(kind: AcknowledgementKind, messageId: number, reasonCode: number): boolean {
    this.assertAccepted(kind.toUpperCase());
    const known = this.handler!.acknowledged(kind, messageId, reasonCode);
    if (known && this.packets.receivedWatched) this.packets.received({ cmd: kind, messageId, reasonCode });
    return known;
  }

  /** @internal */
  control(packet: Packet): void {
    if (packet.cmd === 'connack') this.onConnack(packet);
    else if (packet.cmd === 'disconnect') {
      this.failure = brokerDisconnect(packet, this.broker, this.clientId);
      this.lastError = this.failure.error; // interrupted operations read the reason before the socket is closed
    } else if (packet.cmd !== 'auth') this.assertAccepted(packet.cmd.toUpperCase());
    this.emit('control', packet);
  }

  /** @internal */
  failed(error: Error, inAnswer: boolean): void {
    this.failure ??= { error, severity: 'passing', explained: !inAnswer };
  }

  private onConnack(packet: IConnackPacket): void {
    if (this.accepted) throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, 'a second CONNACK arrived');
    if (packet.reasonCode || packet.returnCode) {
      this.failure = refusedConnack(packet, this.broker);
      return;
    }
    this.accepted = true;
    this.limits = brokerLimits(packet, this.protocolVersion);
    const { topicAliasMaximum } = this.limits;
    if (this.options.mqtt.autoAssignTopicAlias && topicAliasMaximum > 0)
      this.network!.writer.aliases = new OutboundTopicAliases(topicAliasMaximum);
    this.emit('session', { sessionPresent: packet.sessionPresent, first: this.reconnection.isFirst });
  }

  private assertAccepted(what: string): void {
    if (this.accepted) return;
    throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, `a ${what} arrived before the CONNACK [MQTT-3.2.0-1]`);
  }
}
