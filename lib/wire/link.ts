import type { EventEmitter } from 'node:events';
import type { Logger } from '@nestjs/common';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../errors/connection-refused.error.js';
import type { ResolvedConnectionOptions } from '../options/connection-options.js';
import { healthOf, type MqttHealth } from './connection-health.js';
import { reportStatus } from './connection-status.js';
import { Connection } from './connection.js';
import { DeferredAcknowledgement, type MessageListener } from './deferred-acknowledgement.js';
import type { MqttClient, MqttEvents, MqttStatus } from './mqtt-events.js';
import { OutboundBatch } from './outbound-batch.js';
import { ping } from './ping.js';
import { Publisher, type OfflinePolicy } from './publisher.js';
import { Subscriber } from './subscriber.js';

/** What a server, or a client, makes of its connection. */
interface LinkParts extends OfflinePolicy {
  readonly logger: Logger;
  readonly onStatus: (status: MqttStatus) => void;
  readonly onMessage: MessageListener;
  readonly onWithheld?: (withheld: number) => void;
}

/** How often the broker is asked for one thing. */
const MAX_ASKED = 5;

/** A connection together with what sends and receives over it. After a reconnect it restores what the broker has lost. */
export class Link {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly acknowledgement: DeferredAcknowledgement;

  constructor(
    options: ResolvedConnectionOptions,
    private readonly parts: LinkParts,
  ) {
    const { logger, onStatus, onMessage, onWithheld } = parts;
    this.connection = new Connection(options, logger);
    const batch = new OutboundBatch(this.connection);
    this.publisher = new Publisher(this.connection, parts, batch);
    this.subscriber = new Subscriber(this.connection, logger);
    this.acknowledgement = new DeferredAcknowledgement(this.connection, batch, onMessage, logger, onWithheld);
    reportStatus(this.connection, onStatus);
    if (options.mqtt.clean === false && !options.durableSession) {
      logger.warn(
        `clean is false, but the session of "${options.clientId}" ends with every connection: set properties.sessionExpiryInterval, in seconds.`,
      );
    }
    this.connection.on('session', ({ sessionPresent, first }) => {
      if (!sessionPresent && !first) this.events.emit('sessionLost');
    });
    this.connection.on('connected', ({ first }) => {
      if (!first) void this.restore(); // at first it is for others to subscribe, and then to let messages out
    });
  }

  get client(): MqttClient {
    return this.connection.client;
  }

  /** Listens to an event of the connection. */
  on<K extends keyof MqttEvents>(event: K, listener: MqttEvents[K]): void {
    this.events.on(event, listener);
  }

  /** MQTT.js' emitter, which emits events of ours too. */
  private get events(): EventEmitter {
    return this.client as unknown as EventEmitter;
  }

  health(): MqttHealth {
    return healthOf(this.connection, this.subscriber, this.acknowledgement);
  }

  /** Whether the live connection answers within that time. */
  ping(timeoutMs: number): Promise<boolean> {
    return ping(this.connection, timeoutMs);
  }

  /**
   * Asks the broker for something, and asks again when the connection is lost over it for no fault of what is asked.
   *
   * @throws what asking throws otherwise
   */
  async insist<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const lost = error instanceof ConnectionClosedError && !(error.cause instanceof ConnectionRefusedError);
        if (!lost || attempt === MAX_ASKED) throw error;
        await this.connection.open();
      }
    }
  }

  /** Unsubscribes in the background: that it fails is worth a line in the log, and nothing more. */
  unsubscribe(filter: string): void {
    this.subscriber.unsubscribe([filter]).catch((error: unknown) => {
      this.parts.logger.warn(`Cannot unsubscribe "${filter}": ${(error as Error).message}`);
    });
  }

  private async restore(): Promise<void> {
    try {
      await this.subscriber.restore();
      this.publisher.flush();
    } catch (error) {
      // The next connection restores; and where this one is still there, the broker does not answer on it.
      if (!this.connection.connected) return;
      this.parts.logger.warn(`${(error as Error).message} Connecting again.`);
      this.connection.resume();
    }
  }
}
