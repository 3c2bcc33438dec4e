import type { Logger } from '@nestjs/common';
import { ConcurrencyGate } from '../concurrency/concurrency-gate.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { AckPolicy } from '../options/ack-policy.js';
import { SURVIVING_SESSION, type ResolvedServerOptions } from '../options/server-options.js';
import { TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from '../routing/handler.js';
import type { HandlerRegistry } from '../routing/handler-registry.js';
import { TopicRouter } from '../routing/topic-router.js';
import { defaultCodec } from '../serialization/codecs.js';
import { deserialize, withSerializer } from '../serialization/nest-serializers.js';
import { readNestEnvelope, type NestEnvelope } from '../serialization/nest-envelope.js';
import { Connection } from '../wire/connection.js';
import { reportStatus } from '../wire/connection-status.js';
import { DeferredAcknowledgement } from '../wire/deferred-acknowledgement.js';
import type { MqttClient, MqttStatus } from '../wire/mqtt-events.js';
import { OutboundBatch } from '../wire/outbound-batch.js';
import { Publisher } from '../wire/publisher.js';
import { Subscriber } from '../wire/subscriber.js';
import type { HandlerRuntime } from './handler-runtime.js';
import { InternalTopics } from './internal-topics.js';
import { MemoryDeduplicationStore } from './memory-deduplication-store.js';
import { MessageReceiver } from './message-receiver.js';
import { sendsCopyPerSubscription } from './overlap-probe.js';
import { Overflow } from './overflow.js';
import { Redelivery } from './redelivery.js';
import { ResponseTopics } from './response-topics.js';
import { RunningInvocations } from './running-invocations.js';
// from './response-topics.js';
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
  private readonly connection: Connection;
  private readonly acknowledgement: DeferredAcknowledgement;
  private readonly publisher: Publisher;
  private readonly subscriber: Subscriber;
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
    this.connection = new Connection(options.connection, logger);
    const batch = new OutboundBatch(this.connection);
    this.publisher = new Publisher(this.connection, { offline: 'queue', maxQueuedMessages: MAX_QUEUED_REPLIES }, batch);
    this.subscriber = new Subscriber(this.connection, logger);
    this.subscriptions = new ServerSubscriptions(handlers, {
      connection: this.connection,
      subscriber: this.subscriber,
      logger,
      probe: () => this.probe(),
    });
    this.services = this.createServices();
    this.redelivery = new Redelivery(
      options.redelivery,
      options.connection.mqtt.properties?.receiveMaximum ?? options.maxConcurrency,
      {
        resume: () => this.connection.resume(),
        whenSettled: () => this.services.running.whenSettled(),
        logger,
      },
    );
    const receiver = (this.receiver = this.createReceiver(handlers));
    this.acknowledgement = new DeferredAcknowledgement(
      this.connection,
      batch,
      (topic, payload, packet, delivery) => receiver.receive(topic, payload, packet, delivery),
      logger,
      (withheld) => this.redelivery.withheld(withheld),
    );
    reportStatus(this.connection, parts.onStatus);
    this.connection.on('connected', ({ first }) => this.onConnected(first));
  }

  get client(): MqttClient {
    return this.connection.client;
  }

  /** Connects and subscribes. Handlers are in place before: a resumed session delivers at once. */
  async start(): Promise<void> {
    await this.connection.open();
    this.receiver.copies = await this.subscriptions.subscribe();
    this.publisher.flush();
  }

  /** Drains and disconnects; see {@link ServerMqtt.close}. */
  async stop(): Promise<void> {
    this.acknowledgement.stopAccepting();
    this.redelivery.stop();
    this.gate.close();
    this.services.running.shutDown();
    const deadline = Date.now() + this.options.gracefulTimeoutMs;
    await within(deadline - Date.now(), this.services.running.whenSettled());
    this.acknowledgement.giveUpUndecided();
    await within(deadline - Date.now(), this.completed());
    await this.connection.close();
  }

  private async completed(): Promise<void> {
    if (this.connection.connected) await this.acknowledgement.completed();
    await nextTurn(); // the last PUBCOMP
  }

  private createServices(): ServerServices {
    const { logger, hooks, normalizePattern } = this.parts;
    const { connection, handlerTimeoutMs } = this.options;
    const warned = new Set<string>();
    const counters = newServerCounters();
    return {
      send: (message, settled) => this.publisher.send(message, settled),
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
    const runtimes = handlers.map((handler) => this.createHandlerRuntime(handler));
    const unsubscribe = (filter: string): void => {
      this.subscriber
        .unsubscribe([filter])
        .catch((error: unknown) => services.logger.warn(`Cannot unsubscribe "${filter}": ${(error as Error).message}`));
    };
    const stale = new StaleMessages(options.onStaleSubscription, unsubscribe, services.counters, services.logger);
    return new MessageReceiver(new TopicRouter(runtimes, this.subscriptions.byText), services, {
      internal: this.internal,
      maxPayloadBytes: options.maxPayloadBytes,
      onStale: (topic, packet, delivery) => stale.receive(topic, packet, delivery),
    });
  }

  private createHandlerRuntime(handler: Handler): HandlerRuntime {
    const { options } = this;
    const codec = handler.options.codec ?? options.codec ?? defaultCodec;
    return {
      ...handler,
      codec,
      lane: this.gate.lane(handler.options.maxWorkers),
      deduplication: deduplicationOf(handler),
      replyDefaults: {
        codec: withSerializer(codec, options.serializer, (response) => ({ response, isDisposed: true })),
        envelopeCodec: withSerializer(defaultCodec, options.serializer, (packet) => packet),
        publish: options.publishOptions,
      },
      responseTopics: new ResponseTopics(
        handler.filter,
        options.allowedResponseTopics?.map((filter) => TopicFilter.parse(filter)),
      ),
    };
  }

  private onConnected(first: boolean): void {
    this.redelivery.connected();
    if (first) return; // start() subscribes
    this.subscriber.restore().then(
      () => this.publisher.flush(),
      () => {}, // the connection is gone again: the next one restores
    );
  }

  private probe(): Promise<boolean | undefined> {
    return sendsCopyPerSubscription({
      clientId: this.connection.clientId,
      internal: this.internal,
      subscribe: (filters) => this.subscriber.subscribe(filters.map((filter) => ({ filter, qos: 0 }))),
      unsubscribe: (filters) => this.subscriber.unsubscribe(filters),
      publish: (topic) => {
        this.publisher.flush(); // the server's first message
        return this.publisher.publish({ topic, payload: '', qos: 0, retain: false });
      },
    });
  }

  private async subscribeControl(topic: string): Promise<boolean> {
    this.internal.add(topic, (packet) => this.services.streams.receive(packet));
    try {
      await this.subscriber.subscribe([{ filter: topic, qos: 1 }]);
      return true;
    } catch (error) {
      this.parts.logger.warn(`Callers cannot cancel streams: ${(error as Error).message}`);
      return false;
    }
  }
}

function deduplicationOf({ isEventHandler, options: { deduplicate } }: Handler): HandlerRuntime['deduplication'] {
  if (isEventHandler || deduplicate === false) return undefined;
  return { store: deduplicate === true ? new MemoryDeduplicationStore() : deduplicate.store, running: new Map() };
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
