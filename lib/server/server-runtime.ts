import { randomBytes } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import { keepThrownErrors } from '../context/thrown-errors.js';
import { DeadLetterError } from '../errors/dead-letter.error.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { firstTimes, warnerOnce } from '../errors/warner-once.js';
import { AckPolicy } from '../options/ack-policy.js';
import { SURVIVING_SESSION, type ResolvedServerOptions } from '../options/server-options.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import type { Handler } from '../routing/handler.js';
import type { HandlerRegistry } from '../routing/handler-registry.js';
import { Subscriptions } from '../routing/subscriptions.js';
import { handlerName } from '../routing/handler-name.js';
import { TopicRouter } from '../routing/topic-router.js';
import { deserialize } from '../serialization/nest-serializers.js';
import { readNestEnvelope, type NestEnvelope } from '../serialization/nest-envelope.js';
import { within } from '../timing/within.js';
import type { MqttHealth } from '../observing/mqtt-health.js';
import type { MqttHandlerFigures } from '../observing/mqtt-observed-handler.js';
import { Link } from '../wire/link.js';
import type { MqttClient, MqttEvents, MqttStatus } from '../wire/mqtt-events.js';
import { ConcurrencyGate } from './concurrency/concurrency-gate.js';
import { Replays } from './dead-letters/replays.js';
import { SteadyDeadLetterStore } from './dead-letters/steady-dead-letter-store.js';
import type { InvocationHost, ProcessingHooks } from './handling/invocation-host.js';
import { MessageReceiver, type InternalTopics } from './handling/message-receiver.js';
import { Overflow } from './concurrency/overflow.js';
import { RunningInvocations, type Running } from './concurrency/running-invocations.js';
import { newServerCounters } from './concurrency/server-counters.js';
import { serveHandlers, type ServedHandler } from './handling/served-handler.js';
import { UnansweredRequests } from './handling/unanswered-requests.js';
import type { Send } from './replying/send.js';
import { StreamControl } from './replying/stream-control.js';
import { handlersOf } from './server-description.js';
import { probeOverlap, type OverlapBehaviour, type ProbeQuestion } from './session/overlap-probe.js';
import { Redelivery } from './session/redelivery.js';
import { ServerSubscriptions } from './session/server-subscriptions.js';
import { StaleMessages } from './session/stale-messages.js';

/** The parts of the strategy that its runtime uses. */
interface RuntimeParts {
  readonly logger: Logger;
  readonly hooks: ProcessingHooks;
  readonly normalizePattern: (pattern: object) => string;
  readonly onStatus: (status: MqttStatus) => void;
}

/** Maximum number of replies and dead letters that wait for a connection. The number of handlers limits them already. */
const MAX_QUEUED_REPLIES = 100_000;
/** Maximum number of running handlers that a line of the log names. */
const MAX_LISTED = 3;

/** A server from `listen()` to `close()`: creates its parts, and manages their life cycle. */
export class ServerRuntime {
  private readonly link: Link;
  private readonly gate: ConcurrencyGate;
  private readonly redelivery: Redelivery;
  private readonly host: InvocationHost;
  private readonly subscriptions: ServerSubscriptions;
  private readonly receiver: MessageReceiver;
  /** Runs dead letters again. */
  readonly replays: Replays;
  private readonly internal: InternalTopics = new Map();

  /** @throws InvalidOptionsError, InvalidTopicError, DuplicateHandlerError when handlers are invalid */
  constructor(
    private readonly options: ResolvedServerOptions,
    registry: HandlerRegistry,
    private readonly parts: RuntimeParts,
  ) {
    keepThrownErrors();
    const { logger } = parts;
    const warnings: string[] = [];
    const handlers = handlersOf(registry, options, (line) => warnings.push(line));
    requireSurvivingSession(handlers, options);
    requireDeadLetterStore(handlers, options);
    for (const line of warnings) logger.warn(line); // not beside an error, which may be about the same option
    this.gate = new ConcurrencyGate({
      maxConcurrency: options.maxConcurrency,
      bufferSize: options.qos0Buffer.size,
      overflow: options.qos0Buffer.overflow,
    });
    this.link = new Link(options.connection, {
      role: 'server',
      figures: () => ({ running: this.host.running.size, waiting: this.gate.waitingJobs }),
      handlers: () => served.map(figuresOf),
      logger,
      offline: 'queue',
      maxQueuedMessages: MAX_QUEUED_REPLIES,
      onStatus: parts.onStatus,
      refusable: options.refusable,
      onMessage: (message) => this.receiver.receive(message),
      onWithheld: (withheld, again) => this.redelivery.withheld(withheld, again),
    });
    const responder = randomBytes(8).toString('hex');
    const served = serveHandlers(handlers, { options, gate: this.gate, responder, logger });
    const subscriptions = new Subscriptions(served);
    this.subscriptions = new ServerSubscriptions(subscriptions, {
      connection: this.link.connection,
      subscriber: this.link.subscriber,
      logger,
      probe: (question) => this.probe(question),
    });
    const router = new TopicRouter(subscriptions);
    this.host = this.createHost(router);
    this.redelivery = new Redelivery(
      options.redelivery,
      options.connection.mqtt.properties?.receiveMaximum ?? options.maxConcurrency,
      {
        resume: () => this.link.connection.resume(),
        whenSettled: () => this.host.running.whenSettled(),
        durableSession: options.connection.durableSession,
        logger,
      },
    );
    this.receiver = this.createReceiver(router);
    this.replays = new Replays(served, this.host, (message) => this.publishReplayed(message));
    this.link.connection.on('connected', () => this.redelivery.connected());
    this.link.observers?.happened({ kind: 'opened' });
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

  /** Connects and subscribes. Handlers are ready before, because a resumed session delivers at once. */
  async start(): Promise<void> {
    this.host.running.open();
    await this.link.connection.open();
    this.receiver.copies = await this.subscriptions.subscribe();
    this.subscriptions.report();
    this.link.openPublisher();
  }

  /** Connects, and subscribes nothing. */
  async connect(): Promise<void> {
    this.host.running.open();
    await this.link.connection.open();
    this.link.openPublisher();
  }

  /** Drains and disconnects; see {@link ServerMqtt.close}. */
  async stop(): Promise<void> {
    const { connection, inbound } = this.link;
    const { running } = this.host;
    const { logger } = this.parts;
    const wasConnected = connection.connected;
    const startedAt = Date.now();
    if (wasConnected) logger.log(`Draining at ${connection.broker}: ${counted(running.size, 'message')} in progress`);
    inbound.stopAccepting();
    this.redelivery.stop();
    this.gate.close();
    running.shutDown();
    const deadline = startedAt + this.options.gracefulTimeoutMs;
    await within(deadline - Date.now(), running.whenSettled());
    const left = running.all();
    inbound.giveUpUndecided();
    running.abandon();
    this.replays.close();
    this.link.observers?.leaveUndecided();
    await within(deadline - Date.now(), this.completed());
    await this.link.close();
    if (!wasConnected) return;
    const afterMs = Date.now() - startedAt;
    if (left.length === 0) logger.log(`Drained at ${connection.broker} after ${afterMs} ms`);
    else
      logger.warn(
        `Not drained at ${connection.broker} after ${afterMs} ms, which is gracefulTimeout: ${counted(left.length, 'message')} still in progress ` +
          `(${listed(left)}). The option handlerTimeout ends such runs.`,
      );
  }

  private async completed(): Promise<void> {
    if (this.link.connection.connected) await this.link.inbound.completed();
    await nextTurn(); // lets the last PUBCOMP be sent
  }

  private createHost(router: TopicRouter<ServedHandler>): InvocationHost {
    const { logger, hooks, normalizePattern } = this.parts;
    const { connection, deserializer, handlerTimeoutMs, publishOptions, qos0Buffer, refusable } = this.options;
    const counters = newServerCounters();
    const isFirst = firstTimes();
    const warnOnce = warnerOnce(logger, isFirst);
    return {
      send: this.sender(),
      hooks,
      observers: this.link.observers,
      logger,
      counters,
      overflow: new Overflow(qos0Buffer, counters, logger),
      streams: new StreamControl(connection.clientId, (topic) => this.subscribeControl(topic)),
      handlerTimeoutMs,
      durableSession: connection.durableSession,
      protocolVersion: connection.protocolVersion,
      refusable,
      publishDefaults: publishOptions,
      readEnvelope: envelopeReader(deserializer, normalizePattern),
      running: new RunningInvocations(),
      letters: this.options.deadLetters && new SteadyDeadLetterStore(this.options.deadLetters.store),
      isFirst,
      warnOnce,
      unansweredRequests: new UnansweredRequests(router, warnOnce),
    };
  }

  /** A message that throws when it is read (a codec or a handler has created it) is treated as refused. */
  private sender(): Send {
    return (message, settled) => {
      try {
        return this.link.publisher.send(message, settled) === undefined;
      } catch (error) {
        process.nextTick(settled, error);
        return true;
      }
    };
  }

  /** @throws DeadLetterError when there is no connection: who replays waits for the end, and not for a broker */
  private async publishReplayed(message: OutgoingMessage): Promise<void> {
    const { connection, publisher } = this.link;
    if (!connection.connected)
      throw new DeadLetterError('not-serving', `There is no connection to ${connection.broker}, to replay to a topic.`);
    await publisher.publish(message);
  }

  private createReceiver(router: TopicRouter<ServedHandler>): MessageReceiver {
    const { options, host } = this;
    const stale = new StaleMessages(options.onStaleSubscription, (filter) => this.link.unsubscribe(filter), host);
    return new MessageReceiver(router, host, {
      internal: this.internal,
      maxPayloadBytes: options.maxPayloadBytes,
      onStale: (message) => stale.receive(message),
    });
  }

  private probe(question: ProbeQuestion): Promise<OverlapBehaviour | undefined> {
    const { connection, subscriber, publisher } = this.link;
    const qos = question.identifiers && connection.limits?.maximumQoS !== 0 ? 1 : 0; // at QoS 1 on 5.0 a refusal is reported at once
    return probeOverlap(question, {
      clientId: connection.clientId,
      internal: this.internal,
      subscribe: (requests) => subscriber.subscribe(requests),
      unsubscribe: (filters) => subscriber.unsubscribe(filters),
      publish: (topic, payload) => {
        this.link.openPublisher(); // the server's first message
        return publisher.publish({ topic, payload, qos, retain: false });
      },
    });
  }

  private async subscribeControl(topic: string): Promise<boolean> {
    this.internal.set(topic, (packet) => this.host.streams.receive(packet));
    try {
      await this.link.subscriber.subscribe([{ filter: topic, qos: 1 }]);
      return true;
    } catch (error) {
      this.parts.logger.warn(`Callers cannot cancel streams: ${(error as Error).message}`);
      return false;
    }
  }
}

/** With a deserializer of the application, all payloads are packets; else Nest's envelope is recognised by its pattern. */
function envelopeReader(
  deserializer: ResolvedServerOptions['deserializer'],
  normalizePattern: (pattern: object) => string,
): (value: unknown, topic: string) => NestEnvelope | undefined {
  if (deserializer) return (value, topic) => deserialize<NestEnvelope>(deserializer, value, topic);
  return (value, topic) => readNestEnvelope(value, topic, normalizePattern);
}

/** What withholds messages needs a session in which they can come again. @throws InvalidOptionsError */
function requireSurvivingSession(handlers: readonly Handler[], { connection }: ResolvedServerOptions): void {
  if (connection.durableSession) return;
  const problems = handlers.flatMap(({ pattern, options: { ackPolicy, deduplicate } }) => {
    const withholding: string[] = [];
    if (ackPolicy === AckPolicy.NACK_ON_ERROR) withholding.push('ackPolicy');
    if (typeof deduplicate === 'object' && deduplicate.onStoreFailure === 'withhold')
      withholding.push('deduplicate.onStoreFailure');
    return withholding.map((name) => ({
      option: `'${pattern}'.${name}`,
      problem: 'withheld messages are redelivered only in a session that outlives the connection',
      remedy: SURVIVING_SESSION,
    }));
  });
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}

/** What is only kept has to be kept somewhere. @throws InvalidOptionsError */
function requireDeadLetterStore(handlers: readonly Handler[], { deadLetters }: ResolvedServerOptions): void {
  if (deadLetters) return;
  const problems = handlers
    .filter(({ options: { deadLetter } }) => deadLetter === true)
    .map(({ pattern }) => ({
      option: `'${pattern}'.deadLetter`,
      problem: 'true keeps dead letters in a store, and the server has none',
      remedy: 'Give the server, or MqttModule, deadLetters: { store }, or name a topic here',
    }));
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The first of several, for a line of the log. */
function listed(running: readonly Running[]): string {
  const names = running
    .slice(0, MAX_LISTED)
    .map(({ handler, message }) => `${handlerName(handler)} on "${message.topic}"`);
  return `${names.join(', ')}${running.length > MAX_LISTED ? ', ...' : ''}`;
}

/** Called by observers only. */
function figuresOf({ observed, lane }: ServedHandler): MqttHandlerFigures {
  return { handler: observed!, running: lane.running, waiting: lane.queue.size };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
