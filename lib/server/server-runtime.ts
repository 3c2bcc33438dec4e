import type { Logger } from '@nestjs/common';
import { ConcurrencyGate } from '../concurrency/concurrency-gate.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { AckPolicy } from '../options/ack-policy.js';
import { SURVIVING_SESSION, type ResolvedServerOptions } from '../options/server-options.js';
import type { Handler } from '../routing/handler.js';
import type { HandlerRegistry } from '../routing/handler-registry.js';
import { TopicRouter } from '../routing/topic-router.js';
import { deserialize } from '../serialization/nest-serializers.js';
import { readNestEnvelope, type NestEnvelope } from '../serialization/nest-envelope.js';
import type { MqttHealth } from '../wire/connection-health.js';
import { Link } from '../wire/link.js';
import type { MqttClient, MqttEvents, MqttStatus } from '../wire/mqtt-events.js';
import { createHandlerRuntimes } from './create-handler-runtimes.js';
import { InternalTopics } from './internal-topics.js';
import { MessageReceiver } from './message-receiver.js';
import { sendsCopyPerSubscription } from './overlap-probe.js';
import { Overflow } from './overflow.js';
import { Redelivery } from './redelivery.js';
import { RunningInvocations } from './running-invocations.js';
import { newServerCounters } from './server-counters.js';
import type { ProcessingHooks, ServerServices } from './server-services.js';
import { ServerSubscriptions } from './server-subscriptions.js';
import { StaleMessages } from './stale-messages.js';
import { StreamControl } from './stream-control.js';

/** What the strategy, which Nest made, lends its runtime. */
interface RuntimeParts {
  readonly logger: Logger;
  readonly hooks: ProcessingHooks;
  readonly normalizePattern: (pattern: object) => string;
  readonly onStatus: (status: MqttStatus) => void;
}

/** Replies and dead letters that may wait for a connection: a server's handlers bound them already. */
const MAX_QUEUED_REPLIES = 100_000;

/** A server from `listen()` to `close()`: it puts the rooms together and runs their life cycle. */
export class ServerRuntime {
  private readonly link: Link;
  private readonly gate: ConcurrencyGate;
  private readonly redelivery: Redelivery;
  private readonly services: ServerServices;
  private readonly subscriptions: ServerSubscriptions;
  private readonly receiver: MessageReceiver;
  private readonly internal = new InternalTopics();

  /** @throws InvalidOptionsError, InvalidTopicError, DuplicateHandlerError when the handlers cannot be served */
  constructor(
    private readonly options: ResolvedServerOptions,
    registry: HandlerRegistry,
    private readonly parts: RuntimeParts,
  ) {
    const { logger } = parts;
    const { protocolVersion, strippedPrefixes } = options.connection;
    const handlers = registry.resolve({
      subscribeOptions: options.subscribeOptions,
      strippedPrefixes,
      protocolVersion,
    });
    refuseHopelessPolicies(handlers, options);
    this.gate = new ConcurrencyGate({
      maxConcurrency: options.maxConcurrency,
      bufferSize: options.qos0Buffer.size,
      overflow: options.qos0Buffer.overflow,
    });
    this.link = new Link(options.connection, {
      logger,
      offline: 'queue',
      maxQueuedMessages: MAX_QUEUED_REPLIES,
      onStatus: parts.onStatus,
      onMessage: (topic, payload, packet, delivery) => this.receiver.receive(topic, payload, packet, delivery),
      onWithheld: (withheld) => this.redelivery.withheld(withheld),
    });
    this.subscriptions = new ServerSubscriptions(handlers, {
      connection: this.link.connection,
      subscriber: this.link.subscriber,
      logger,
      probe: () => this.probe(),
    });
    this.services = this.createServices();
    this.redelivery = new Redelivery(
      options.redelivery,
      options.connection.mqtt.properties?.receiveMaximum ?? options.maxConcurrency,
      {
        resume: () => this.link.connection.resume(),
        whenSettled: () => this.services.running.whenSettled(),
        logger,
      },
    );
    this.receiver = this.createReceiver(handlers);
    this.link.connection.on('connected', () => this.redelivery.connected());
  }

  get client(): MqttClient {
    return this.link.client;
  }

  on<K extends keyof MqttEvents>(event: K, listener: MqttEvents[K]): void {
    this.link.on(event, listener);
  }

  health(): MqttHealth {
    return this.link.health();
  }

  ping(timeoutMs: number): Promise<boolean> {
    return this.link.ping(timeoutMs);
  }

  /** Connects and subscribes. Handlers are in place before: a resumed session delivers at once. */
  async start(): Promise<void> {
    await this.link.connection.open();
    this.receiver.copies = await this.link.insist(() => this.subscriptions.subscribe());
    this.link.publisher.flush();
  }

  /** Drains and disconnects; see {@link ServerMqtt.close}. */
  async stop(): Promise<void> {
    this.link.acknowledgement.stopAccepting();
    this.redelivery.stop();
    this.gate.close();
    this.services.running.shutDown();
    const deadline = Date.now() + this.options.gracefulTimeoutMs;
    await within(deadline - Date.now(), this.services.running.whenSettled());
    this.link.acknowledgement.giveUpUndecided();
    await within(deadline - Date.now(), this.completed());
    await this.link.connection.close();
  }

  private async completed(): Promise<void> {
    if (this.link.connection.connected) await this.link.acknowledgement.completed();
    await nextTurn(); // the last PUBCOMP
  }

  private createServices(): ServerServices {
    const { logger, hooks, normalizePattern } = this.parts;
    const { connection, handlerTimeoutMs } = this.options;
    const warned = new Set<string>();
    const counters = newServerCounters();
    return {
      send: (message, settled) => this.link.publisher.send(message, settled),
      hooks,
      logger,
      counters,
      overflow: new Overflow(this.options.qos0Buffer, counters, logger),
      streams: new StreamControl(connection.clientId, (topic) => this.subscribeControl(topic)),
      handlerTimeoutMs,
      protocolVersion: connection.protocolVersion,
      readEnvelope: envelopeReader(this.options.deserializer, normalizePattern),
      running: new RunningInvocations(),
      warnOnce: (key, message) => {
        if (warned.has(key) || warned.size >= MAX_WARNINGS) return;
        warned.add(key);
        logger.warn(message);
      },
    };
  }

  private createReceiver(handlers: readonly Handler[]): MessageReceiver {
    const { options, services } = this;
    const runtimes = createHandlerRuntimes(handlers, options, this.gate);
    const unsubscribe = (filter: string): void => this.link.unsubscribe(filter);
    const stale = new StaleMessages(options.onStaleSubscription, unsubscribe, services.counters, services.logger);
    return new MessageReceiver(new TopicRouter(runtimes, this.subscriptions.byText), services, {
      internal: this.internal,
      maxPayloadBytes: options.maxPayloadBytes,
      onStale: (topic, packet, delivery) => stale.receive(topic, packet, delivery),
    });
  }

  private probe(): Promise<boolean | undefined> {
    return sendsCopyPerSubscription({
      clientId: this.link.connection.clientId,
      internal: this.internal,
      subscribe: (filters) => this.link.subscriber.subscribe(filters.map((filter) => ({ filter, qos: 0 }))),
      unsubscribe: (filters) => this.link.subscriber.unsubscribe(filters),
      publish: (topic) => {
        this.link.publisher.flush(); // the server's first message
        return this.link.publisher.publish({ topic, payload: '', qos: 0, retain: false });
      },
    });
  }

  private async subscribeControl(topic: string): Promise<boolean> {
    this.internal.add(topic, (packet) => this.services.streams.receive(packet));
    try {
      await this.link.subscriber.subscribe([{ filter: topic, qos: 1 }]);
      return true;
    } catch (error) {
      this.parts.logger.warn(`Callers cannot cancel streams: ${(error as Error).message}`);
      return false;
    }
  }
}

/** A deserializer of the application's own says what a payload means; else Nest's envelope is known by its pattern. */
function envelopeReader(
  deserializer: ResolvedServerOptions['deserializer'],
  normalizePattern: (pattern: object) => string,
): (value: unknown, topic: string) => NestEnvelope | undefined {
  if (deserializer) return (value, topic) => deserialize<NestEnvelope>(deserializer, value, topic);
  return (value, topic) => readNestEnvelope(value, topic, normalizePattern);
}

const MAX_WARNINGS = 1_000;

/** A policy that withholds messages needs a session in which they can come again. */
function refuseHopelessPolicies(handlers: readonly Handler[], { connection }: ResolvedServerOptions): void {
  if (connection.durableSession) return;
  const problems = handlers
    .filter(({ options }) => options.ackPolicy === AckPolicy.NACK_ON_ERROR)
    .map(({ pattern }) => ({
      option: `'${pattern}'.ackPolicy`,
      problem: 'withheld messages come back only in a session that survives',
      remedy: SURVIVING_SESSION,
    }));
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits for `promise`, but not longer than that. */
async function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
