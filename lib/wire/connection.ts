import { EventEmitter } from 'node:events';
import type { Logger } from '@nestjs/common';
import type { IConnackPacket, MqttClient, Packet } from 'mqtt';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import type { ResolvedConnectionOptions } from '../options/connection-options.js';
import { brokerLimits, type BrokerLimits } from './broker-limits.js';
import { BrokerAddress } from './broker-address.js';
import { brokerDisconnect, refusedConnack, type ConnectionFailure } from './connection-failure.js';
import { brokerLabel, connectMqttClient, createMqttClient, disconnect, endMqttClient } from './mqtt-client.js';
import { reasonOf, Reconnection } from './reconnection.js';
import { renewCredentials } from './renew-credentials.js';

/** How the session of a new network connection begins. */
export interface SessionStart {
  /** Whether the broker resumes an earlier session (Session Present). */
  readonly sessionPresent: boolean;
  /** Whether this process has not been connected before. */
  readonly first: boolean;
}

interface ConnectionEvents {
  /** The broker accepted the connection; nothing it sends has been handled yet. */
  session: [SessionStart];
  /** Connected, and what was under way before has been sent again. */
  connected: [SessionStart];
  /** The network connection is about to be ended by us. */
  ending: [];
  /** The network connection is gone. */
  lost: [];
  /** A new attempt is going to be made. */
  reconnecting: [];
  /** It is over: closed by us, or given up with an error. No event follows. */
  closed: [Error | undefined];
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One connection to a broker through all of its network connections: when to connect, when to try again, when to give up.
 *
 * What is sent and received over it is the business of {@link Publisher}, {@link Subscriber} and {@link DeferredAcknowledgement}.
 *
 * @internal
 */
export class Connection extends EventEmitter<ConnectionEvents> {
  readonly client: MqttClient;
  /** Where it goes, without credentials. */
  readonly broker: string;
  /** What the broker can do; known from the first accepted CONNACK on. */
  limits: BrokerLimits | undefined;
  /** What ended or prevented the latest network connection. */
  lastError: Error | undefined;
  /** Listeners that the transport itself has on MQTT.js' `packetsend`: any beyond them are somebody else's. */
  ownPacketSendListeners = 0;

  private phase: 'idle' | 'connecting' | 'connected' | 'resuming' | 'waiting' | 'closed' = 'idle';
  private readonly reconnection: Reconnection;
  private readonly address: BrokerAddress;
  private waiters: Waiter[] = [];
  private failure: ConnectionFailure | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ResolvedConnectionOptions,
    private readonly logger: Logger,
  ) {
    super();
    this.setMaxListeners(0);
    this.broker = brokerLabel(options);
    this.reconnection = new Reconnection(options, this.broker);
    this.client = createMqttClient(options);
    this.client.setMaxListeners(0);
    this.address = new BrokerAddress(this.client.options);
    this.client.prependListener('packetreceive', (packet) => this.onPacket(packet));
    this.client.on('connect', (packet) => this.onConnect(packet));
    this.client.on('error', (error) => this.onError(error));
    this.client.on('close', () => this.onClose());
  }

  get connected(): boolean {
    return this.phase === 'connected';
  }

  /** Whether a connection is missing that was there before, or that could not be made: it is being tried again. */
  get offline(): boolean {
    return this.phase === 'waiting';
  }

  get closed(): boolean {
    return this.phase === 'closed';
  }

  get protocolVersion(): 4 | 5 {
    return this.options.protocolVersion;
  }

  /** Milliseconds that the broker is given to answer what it has to answer. */
  get answerTimeoutMs(): number {
    return this.client.options.connectTimeout!; // MQTT.js fills in its default
  }

  get clientId(): string {
    return this.options.clientId;
  }

  /**
   * Resolves when there is a connection, which the first call makes and which is kept from then on.
   *
   * @throws ConnectionRefusedError when the broker refuses for good or the attempts are used up
   * @throws ConnectionClosedError when `close()` comes first
   */
  open(): Promise<void> {
    if (this.phase === 'connected') return Promise.resolve();
    if (this.phase === 'closed') return Promise.reject(this.closedError());
    const connected = new Promise<void>((resolve, reject) => this.waiters.push({ resolve, reject }));
    if (this.phase === 'idle') void this.attempt();
    return connected;
  }

  /** Ends the connection, with a DISCONNECT where there is one to end. Never rejects. */
  async close(): Promise<void> {
    if (this.phase === 'closed') return;
    const started = this.phase !== 'idle';
    if (this.connected) this.emit('ending');
    this.finish(undefined);
    if (started) await endMqttClient(this.client);
  }

  /** Ends the network connection and comes back at once, so that the broker redelivers what was withheld. */
  resume(): void {
    if (this.phase !== 'connected') return;
    this.emit('ending');
    this.phase = 'resuming';
    const { stream } = this.client;
    disconnect(this.client);
    stream.end(() => stream.destroy());
  }

  private async attempt(): Promise<void> {
    this.phase = 'connecting';
    this.failure = undefined;
    try {
      await renewCredentials(this.client, this.options, this.answerTimeoutMs);
      if ((this.phase as string) === 'closed') return;
      connectMqttClient(this.client, this.options, (error) => this.noteError(error));
    } catch (error) {
      this.noteError(error as Error);
      this.onClose();
    }
  }

  private onPacket(packet: Packet): void {
    if (packet.cmd === 'connack') this.onConnack(packet);
    else if (packet.cmd === 'disconnect') {
      this.failure = brokerDisconnect(packet, this.broker, this.clientId);
      this.lastError = this.failure.error; // what is cut short by it asks for the reason before the socket is closed
    }
  }

  private onConnack(packet: IConnackPacket): void {
    if (packet.reasonCode || packet.returnCode) {
      this.failure = refusedConnack(packet, this.broker);
      return;
    }
    this.limits = brokerLimits(packet, this.protocolVersion);
    this.emit('session', { sessionPresent: packet.sessionPresent, first: this.reconnection.isFirst });
  }

  private onConnect(packet: IConnackPacket): void {
    if (this.phase === 'closed') return;
    const start: SessionStart = { sessionPresent: packet.sessionPresent, first: this.reconnection.isFirst };
    this.phase = 'connected';
    this.lastError = undefined;
    this.reconnection.connected(Date.now());
    this.logger.log(
      `Connected to ${this.broker} as "${this.clientId}"${start.sessionPresent ? ', session resumed' : ''}`,
    );
    this.emit('connected', start);
    for (const { resolve } of this.waiters.splice(0)) resolve();
  }

  /** MQTT.js reads on after bytes that are no MQTT, and waits on after a refusal; what came is not to be trusted [MQTT-4.13.1-1]. */
  private onError(error: Error): void {
    this.noteError(error);
    if (this.phase === 'connecting' || this.phase === 'connected') this.client.stream?.destroy();
  }

  private noteError(error: Error): void {
    this.failure ??= { error, severity: 'passing' };
  }

  private onClose(): void {
    const { phase } = this;
    if (phase === 'closed' || phase === 'waiting') return;
    this.phase = 'waiting';
    if (phase === 'connected' || phase === 'resuming') {
      this.reconnection.lost(Date.now());
      this.emit('lost');
      if ((this.phase as string) === 'closed') return; // by a listener
    }
    if (phase === 'resuming') this.tryAgain(0);
    else
      this.fail(
        this.failure ?? {
          error: new Error('the network connection was closed'),
          severity: 'passing',
          silent: phase === 'connected',
        },
        phase === 'connected',
      );
  }

  private fail(failure: ConnectionFailure, wasConnected: boolean): void {
    this.lastError = failure.error;
    const redirected = this.followReference(failure);
    const next = this.reconnection.failed(redirected ? { ...failure, severity: 'passing' } : failure);
    if (typeof next !== 'number') {
      if (!this.reconnection.isFirst) this.logger.error(next.message); // before that, open() rejects with it
      this.finish(next);
      void endMqttClient(this.client);
      return;
    }
    // once per change of state: the attempts in between say nothing new
    if (wasConnected && this.reconnection.looksEvicted) {
      this.logger.warn(
        `${this.broker} keeps ending the connection as soon as it is made: does another client use the Client Identifier "${this.clientId}"?`,
      );
    } else if (wasConnected)
      this.logger.warn(`Connection to ${this.broker} lost (${reasonOf(failure.error)}), reconnecting`);
    else if (this.reconnection.failedAttempts === 1) {
      this.logger.warn(`Cannot connect to ${this.broker} (${reasonOf(failure.error)}), trying again`);
    }
    // at once, but not round and round where brokers send each other's clients back
    this.tryAgain(redirected && this.reconnection.failedAttempts === 1 ? 0 : next);
  }

  /** Goes where the broker says, if that is wished; and back when it was for once and did not help. */
  private followReference({ serverReference, moved = false }: ConnectionFailure): boolean {
    if (!this.options.followServerReference) return false;
    return serverReference === undefined ? this.address.restore() : this.address.redirect(serverReference, moved);
  }

  private tryAgain(delayMs: number): void {
    this.emit('reconnecting');
    this.timer = setTimeout(() => void this.attempt(), delayMs);
  }

  private finish(error: Error | undefined): void {
    this.phase = 'closed';
    clearTimeout(this.timer);
    this.lastError = error;
    for (const { reject } of this.waiters.splice(0)) reject(this.closedError());
    this.emit('closed', error);
  }

  private closedError(): Error {
    return this.lastError ?? new ConnectionClosedError(`The connection to ${this.broker} is closed.`, false);
  }
}
