import type { EventEmitter } from 'node:events';
import type { Logger } from '@nestjs/common';
import type { MqttHealth } from '../observing/mqtt-health.js';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import type { MqttHandlerFigures } from '../observing/mqtt-observed-handler.js';
import type { Observers } from '../observing/observers.js';
import { WITHOUT_EFFECT } from '../options/mqttjs-option-names.js';
import type { ResolvedConnectionOptions } from '../options/connection-options.js';
import type { QoS } from '../protocol/application-message.js';
import { Connection } from './connection/connection.js';
import { reportStatus } from './connection/connection-status.js';
import { ping } from './connection/ping.js';
import { healthOf } from './health.js';
import { InboundMessages, type InboundMessageHandler } from './inbound/inbound-messages.js';
import type { MqttClient, MqttEvents, MqttStatus } from './mqtt-events.js';
import { observersOf, type RoleFigures } from './observed-link.js';
import { Publisher, type OfflinePolicy } from './outbound/publisher.js';
import { Subscriber } from './subscriptions/subscriber.js';

/** The role-specific parts of a link. */
interface LinkParts extends OfflinePolicy {
  readonly role: MqttObservedConnection['role'];
  /** Additional figures of the role, for observers. */
  readonly figures: () => RoleFigures;
  /** Present load of a server's handlers, for observers. */
  readonly handlers?: () => readonly MqttHandlerFigures[];
  readonly logger: Logger;
  readonly onStatus: (status: MqttStatus) => void;
  readonly onMessage: InboundMessageHandler;
  /** See {@link InboundMessages}. */
  readonly refusable?: readonly QoS[];
  readonly onWithheld?: (withheld: number, again: boolean) => void;
}

/** A connection with its publisher, subscriber and receiver. After a reconnect it restores the subscriptions that the broker has lost. */
export class Link {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly inbound: InboundMessages;
  /** Undefined if there are none. */
  readonly observers: Observers | undefined;
  private sessionPresent = false;

  constructor(
    options: ResolvedConnectionOptions,
    private readonly parts: LinkParts,
  ) {
    const { logger, onStatus, onMessage, onWithheld, refusable = [] } = parts;
    this.connection = new Connection(options, logger);
    this.subscriber = new Subscriber(this.connection, logger); // created first, to handle a loss first: subscriptions are suspected before messages
    this.publisher = new Publisher(this.connection, parts, logger);
    this.inbound = new InboundMessages(this.connection, { onMessage, logger, onWithheld, refusable });
    this.observers = observersOf({
      ...parts,
      connection: this.connection,
      publisher: this.publisher,
      health: () => this.health(),
    });
    this.connection.handler = {
      publish: (packet, writer) => this.inbound.receive(packet, writer),
      released: (identifier, writer) => this.inbound.released(identifier, writer),
      acknowledged: (kind, identifier, reasonCode) => this.publisher.acknowledged(kind, identifier, reasonCode),
    };
    reportStatus(this.connection, onStatus);
    if (options.mqtt.clean === false && !options.durableSession) {
      logger.warn(
        `clean is false, but the session of "${options.clientId}" ends with every connection: set properties.sessionExpiryInterval, in seconds.`,
      );
    }
    if (options.urlMissing)
      logger.warn(`url is undefined: connecting to ${options.url}. Is an environment variable missing?`);
    for (const [option, remedy] of WITHOUT_EFFECT)
      if (option in options.mqtt) logger.warn(`The option ${option} of MQTT.js has no effect here. ${remedy}.`);
    this.connection.on('session', ({ sessionPresent, first }) => {
      this.sessionPresent = sessionPresent;
      if (sessionPresent || first) return;
      if (options.durableSession) logger.warn(this.describeLostSession());
      this.events.emit('sessionLost');
    });
    this.connection.on('connected', ({ first }) => {
      if (!first) void this.restore(); // after the first connection, server and client subscribe and open the publisher themselves
    });
  }

  get client(): MqttClient {
    return this.connection.client;
  }

  /** Adds a listener for an event of the connection, on the emitter of MQTT.js. */
  on<K extends keyof MqttEvents>(event: K, listener: MqttEvents[K]): void {
    this.events.on(event, listener);
  }

  /** Ends the connection. Resolves when the application's store may be closed too. Never rejects. */
  async close(): Promise<void> {
    await this.connection.close();
    await this.publisher.closeStore();
  }

  health(): MqttHealth {
    return healthOf(this.connection, this.subscriber, this.inbound);
  }

  /** Whether the broker answers a ping within the timeout. */
  ping(timeoutMs: number): Promise<boolean> {
    return ping(this.connection, timeoutMs);
  }

  /** Starts to send messages, after the subscriptions are granted. */
  openPublisher(): void {
    void this.publisher.open(this.sessionPresent);
  }

  /** Unsubscribes in the background; a failure is only logged. */
  unsubscribe(filter: string): void {
    this.subscriber.unsubscribe([filter]).catch((error: unknown) => {
      this.parts.logger.warn(`Cannot unsubscribe "${filter}": ${(error as Error).message}`);
    });
  }

  private get events(): EventEmitter {
    return this.client as unknown as EventEmitter;
  }

  private describeLostSession(): string {
    const { broker, options } = this.connection;
    const { wantedCount } = this.subscriber;
    const filters = wantedCount === 0 ? '' : `; its ${wantedCount} filters are subscribed again`;
    return `${broker} has lost the session of "${options.clientId}", with all messages queued in it${filters}`;
  }

  private async restore(): Promise<void> {
    const { writer } = this.connection;
    await this.subscriber.restore();
    if (writer !== undefined && this.connection.writer === writer) this.openPublisher();
  }
}
