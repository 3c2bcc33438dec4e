import { EventEmitter } from 'node:events';
import type { Logger } from '@nestjs/common';
import type { ResolvedConnectionOptions } from '../../../../lib/options/connection-options.js';
import { brokerLimits, type BrokerLimits } from '../../../../lib/wire/connection/broker-limits.js';
import type { Connection, ConnectionEvents } from '../../../../lib/wire/connection/connection.js';
import type { Loss } from '../../../../lib/wire/connection/loss.js';
import { PacketIdentifiers } from '../../../../lib/wire/outbound/packet-identifiers.js';
import type { Writer } from '../../../../lib/wire/outbound/writer.js';
import { Network, turns } from './network.js';

const UNLIMITED = brokerLimits({ cmd: 'connack', sessionPresent: false }, 5);

export const BROKER = 'mqtt://broker:1883';

interface Acceptance {
  readonly sessionPresent?: boolean;
  readonly limits?: Partial<BrokerLimits>;
}

/**
 * What Publisher, Subscriber and InboundMessages see of a Connection. The test says when it is accepted, lost and closed; the order
 * of events and calls is that of Connection.
 */
export class FakeConnection extends EventEmitter<ConnectionEvents> {
  readonly broker = BROKER;
  readonly clientId = 'press-7';
  readonly identifiers: PacketIdentifiers;
  answerTimeoutMs = 30_000;
  receiveMaximum = 65_535;
  limits: BrokerLimits | undefined;
  lastError: Error | undefined;
  connected = false;
  offline = false;
  closed = false;
  network: Network | undefined;
  /** How often it was told to connect, and to connect again. */
  connects = 0;
  resumes = 0;
  /** How often it was told that what was suspected of having ended a connection has been taken. */
  cleared = 0;
  /** For the Subscriber. */
  client: unknown;
  private first = true;
  private hungUp = false;

  constructor(
    readonly protocolVersion: 4 | 5 = 5,
    readonly options: Partial<ResolvedConnectionOptions> = {},
  ) {
    super();
    this.options = { discouragedCharacters: 'refuse', maxFiltersPerSubscribe: 500, mqtt: {}, ...options };
    this.identifiers = new PacketIdentifiers(options.mqtt?.messageIdProvider);
  }

  /** As what is tested takes it. */
  get real(): Connection {
    return this as unknown as Connection;
  }

  get writer(): Writer | undefined {
    return this.network?.writer.usable ? this.network.writer : undefined;
  }

  /** The broker accepts a new network connection. */
  accept({ sessionPresent = false, limits }: Acceptance = {}): Network {
    const network = new Network(this.protocolVersion);
    network.onDrained = () => {
      if (this.connected) this.emit('drained');
    };
    const { first } = this;
    this.first = false;
    this.network = network;
    this.limits = { ...UNLIMITED, ...limits };
    this.emit('session', { sessionPresent, first });
    this.connected = true;
    this.offline = false;
    this.lastError = undefined;
    this.emit('connected', { sessionPresent, first });
    return network;
  }

  /** The network connection is gone; by default because the broker hung up without a word. */
  lose({ hangUp = true, reasonCode }: Partial<Loss> = {}): Loss {
    const network = this.network!;
    network.stream.destroy();
    this.connected = false;
    this.offline = true;
    this.lastError = new Error('the network connection was closed');
    this.network = undefined;
    const { broker, protocolVersion } = this;
    const loss: Loss = {
      hangUp,
      repeated: hangUp && this.hungUp,
      reasonCode,
      broker,
      protocolVersion,
      suspected: false,
      explained: false,
    };
    this.hungUp = hangUp;
    this.emit('lost', loss);
    network.writer.lost();
    return loss;
  }

  /** An attempt to connect fails. */
  failAttempt(answered = false): void {
    if (!answered) this.hungUp = false;
    this.offline = true;
    this.lastError = new Error('connect ECONNREFUSED');
    this.emit('attemptFailed', { error: this.lastError, severity: 'passing', answered });
  }

  /** Over and closed, by the application or given up with an error. */
  async close(error?: Error): Promise<void> {
    const { network } = this;
    this.connected = this.offline = false;
    this.closed = true;
    this.lastError = error;
    this.emit('closed', error);
    if (!network) return;
    network.writer.end({ cmd: 'disconnect' });
    await network.closed();
    network.writer.lost();
  }

  /** @internal */
  suspicionCleared(): void {
    this.cleared++;
  }

  /** @internal */
  connectIfIdle(): void {
    this.connects++;
  }

  /** @internal ends the network connection, and comes back */
  resume(): void {
    this.resumes++;
    if (!this.connected) return;
    this.connected = false;
    const { network } = this;
    network!.writer.end({ cmd: 'disconnect' });
    network!.stream.once('close', () => {
      if (this.network === network) this.lose({ hangUp: false });
    });
  }

  /** @internal */
  sendPing(): (() => boolean) | undefined {
    return this.connected ? this.network?.ping() : undefined;
  }

  /** The broker answers a PINGREQ. */
  answerPing(): void {
    this.network!.answerPing();
    this.emit('control', { cmd: 'pingresp' });
  }
}

/** Takes what is logged. */
export class LogBook {
  readonly lines: string[] = [];
  readonly logger = {
    log: (message: unknown) => void this.lines.push(`log ${String(message)}`),
    warn: (message: unknown) => void this.lines.push(`warn ${String(message)}`),
    error: (message: unknown) => void this.lines.push(`error ${String(message)}`),
    debug: () => {},
  } as unknown as Logger;
}

/** Resolves when the broker has read everything that was written up to now. */
export async function allRead({ network }: FakeConnection): Promise<void> {
  if (network) await network.read();
  else await turns(2);
}
