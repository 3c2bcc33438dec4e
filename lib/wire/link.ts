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

/** What a server or a client does with its connection. */
interface LinkParts extends OfflinePolicy {
  readonly role: MqttObservedConnection['role'];
  /** What the role adds to the figures that observers can ask for. */
  readonly figures: () => RoleFigures;
  /** What the handlers of a server are doing, for observers. */
  readonly handlers?: () => readonly MqttHandlerFigures[];
  readonly logger: Logger;
  readonly onStatus: (status: MqttStatus) => void;
  readonly onMessage: InboundMessageHandler;
  /** See {@link InboundMessages}. */
  readonly refusable?: readonly QoS[];
  readonly onWithheld?: (withheld: number, again: boolean) => void;
}

/** A connection together with what sends and receives over it. After a reconnect it restores what the broker has lost. */
export class Link {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly inbound: InboundMessages;
  /** Undefined where there are none. */
  readonly observers: Observers | undefined;
  private sessionPresent = false;

  constructor(
    options: ResolvedConnectionOptions,
    private readonly parts: LinkParts,
  ) {
    const { logger, onStatus, onMessage, onWithheld, refusable = [] } = parts;
    this.connection = new Connection(options, logger);
    this.subscriber = new Subscriber(this.connection, logger); // of a loss it speaks first: what is subscribed is suspected before messages
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
    for (const [option, remedy] of WITHOUT_EFFECT)
      if (option in options.mqtt) logger.warn(`The option ${option} of MQTT.js has no effect here. ${remedy}.`);
    this.connection.on('session', ({ sessionPresent, first }) => {
      this.sessionPresent = sessionPresent;
      if (sessionPresent || first) return;
      if (options.durableSession) logger.warn(this.describeLostSession());
      this.events.emit('sessionLost');
    });
    this.connection.on('connected', ({ first }) => {
      if (!first) void this.restore(); // at first it is for others to subscribe, and then to let messages out
    });
  }

  get client(): MqttClient {
    return this.connection.client;
  }

  /** Listens to an event of the connection: MQTT.js's emitter emits those of ours too. */
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

  /** Whether the live connection answers within that time. */
  ping(timeoutMs: number): Promise<boolean> {
    return ping(this.connection, timeoutMs);
  }

  /** Lets messages out, once the subscriptions stand. */
  openPublisher(): void {
    void this.publisher.open(this.sessionPresent);
  }

  /** Unsubscribes in the background: that it fails is worth a line in the log, and nothing more. */
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
    const filters = wantedCount === 0 ? '' : `, and its ${wantedCount} filters are subscribed again`;
    return `${broker} does not know the session of "${options.clientId}" any more: what it kept for it is lost${filters}`;
  }

  private async restore(): Promise<void> {
    const { writer } = this.connection;
    await this.subscriber.restore();
    if (writer !== undefined && this.connection.writer === writer) this.openPublisher();
  }
}
