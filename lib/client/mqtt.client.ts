import type { Logger } from '@nestjs/common';
import { ClientProxy, type MsPattern, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { InvalidMessageException } from '@nestjs/microservices/errors/invalid-message.exception.js';
import { from, Observable, throwError } from 'rxjs';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { describeThrown } from '../errors/describe-thrown.js';
import { SteadyLogger } from '../errors/steady-logger.js';
import { resolveClientOptions, type MqttClientOptions, type ResolvedClientOptions } from '../options/client-options.js';
import { connectionAside } from '../options/connection-options.js';
import { refuseDiscouraged } from '../options/discouraged-characters.js';
import { assertDuration } from '../options/option-checks.js';
import type {
  AnyTopics,
  EventOf,
  EventTopic,
  MessageOf,
  MessageTopic,
  ReplyOf,
  RequestOf,
  RequestTopic,
  WithoutContract,
} from '../protocol/topic-contract.js';
import { assertFilterText, PATTERN, TOPIC, topicOfPattern } from '../protocol/pattern.js';
import { TopicFilter } from '../protocol/topic-filter.js';
import { withOverrides } from '../records/check-record-options.js';
import { refuseBuilder, unwrapRecord, type MqttRecordOptions, type Sendable } from '../records/mqtt-record.js';
import { refuseOptions } from '../records/only-on-5.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import type { MqttHealth } from '../observing/mqtt-health.js';
import type { MqttClient, MqttEvents, MqttStatus } from '../wire/mqtt-events.js';
import { describeClient, type ClientDescription } from './client-description.js';
import { DeclaredTopics } from './declared-topics.js';
import { ClientRuntime } from './client-runtime.js';
import { withMetadata, type DispatchedPacket, type DispatchHook } from './dispatch-metadata.js';
import { LiteralLevels } from './literal-levels.js';
import { assertMessagesOptions } from './messages/check-messages-options.js';
import { MessageStream } from './messages/message-stream.js';
import type { MessagesOptions } from './messages/mqtt-message.js';
import { MqttPublisher } from './mqtt-publisher.js';
import { ReplySubscriber, ReplyWaiter } from './requests/call-observers.js';
import type { MqttReply } from './requests/mqtt-reply.js';
import type { RequestCall } from './requests/request-call.js';

/**
 * Nest client that sends requests and events over MQTT. Connects on first use, and stays connected.
 *
 * @example
 * ```ts
 * const client = new ClientMqtt({ url: 'mqtt://localhost:1883' });
 * const sum = await firstValueFrom(client.send<number>('math/sum', [1, 2, 3]));
 * client.emit('telemetry/7', new MqttRecordBuilder({ celsius: 21 }).setQoS(1).build());
 * ```
 *
 * @typeParam Topics optional contract of topics and their types; see {@link AnyTopics}
 */
export class ClientMqtt<Topics = AnyTopics> extends ClientProxy<MqttEvents, string> {
  protected readonly logger: Logger = new SteadyLogger(ClientMqtt.name);
  private resolved: ResolvedClientOptions;
  private readonly declared: DeclaredTopics;
  private readonly literals = new LiteralLevels(this.logger);
  private readonly normalize = (pattern: MsPattern): string => this.normalizePattern(pattern);
  private readonly listeners: [keyof MqttEvents, MqttEvents[keyof MqttEvents]][] = [];
  private current: ClientRuntime | undefined;
  private closing: Promise<void> | undefined;
  /** Whether only an explicit `connect()` may open another connection. */
  private finished = false;

  /** @throws InvalidOptionsError that lists every problem */
  constructor(options: MqttClientOptions = {}) {
    super();
    this.resolved = resolveClientOptions(options);
    this.declared = new DeclaredTopics(this.resolved.topicTemplates);
  }

  // extends ClientProxy<..., string>: else `customClass` of Nest 12 does not accept it
  override get status(): Observable<MqttStatus> {
    return super.status as Observable<MqttStatus>;
  }

  /** @throws ConnectionRefusedError when the broker refuses permanently, or the attempts are exhausted */
  override async connect(): Promise<void> {
    if (this.closing) await this.closing;
    this.finished = false;
    if (this.current?.closed) this.current = undefined; // an explicit connect() connects again, whatever ended the connection
    await this.runtime.connect();
  }

  /**
   * Waits until published messages are delivered, at most for `gracefulTimeout`, and closes the connection; the remaining messages are
   * rejected. Pending requests end with a `ConnectionClosedError`. A later call connects again; once the application is closed, the
   * client of `MqttModule` only does so for `connect()`.
   */
  override async close(): Promise<void> {
    const { current } = this;
    this.closing = current?.close();
    await this.closing;
    this.closing = undefined;
    if (this.current === current) this.current = undefined;
  }

  /** @internal Closes with the application: a later call fails, because its connection would keep the process alive. */
  async finish(): Promise<void> {
    this.finished = true;
    await this.close();
  }

  /**
   * Adds a listener for an event of the connection, also after reconnects.
   *
   * @typeParam C type of the listener
   */
  override on<K extends keyof MqttEvents = keyof MqttEvents, C extends MqttEvents[K] = MqttEvents[K]>(
    event: K,
    callback: C,
  ): void {
    this.listeners.push([event, callback]);
    this.current?.on(event, callback);
  }

  /** @internal Connects, when it does, beside the application that runs: as another client, without its session. */
  standAside(): void {
    this.resolved = Object.freeze({ ...this.resolved, connection: connectionAside(this.resolved.connection) });
  }

  /** The MQTT.js client underneath. */
  override unwrap<T = MqttClient>(): T {
    if (!this.current) throw new Error('The client has no connection yet. Call connect() first.');
    return this.current.client as T;
  }

  /**
   * Sends a request when the observable is subscribed. The observable emits one value, or several when the handler streams. Unsubscribing
   * cancels the request and a running stream. When the handler fails, the observable errors with its error object.
   */
  override send<K extends RequestTopic<Topics>>(
    pattern: K,
    data: Sendable<RequestOf<Topics, K>>,
  ): Observable<ReplyOf<Topics, K>>;
  override send<TResult = unknown, TInput = unknown>(
    pattern: WithoutContract<Topics, unknown>,
    data: TInput,
  ): Observable<TResult>;
  override send<TResult>(pattern: unknown, data: unknown): Observable<TResult> {
    if (isMissing(pattern) || isMissing(data)) return throwError(() => this.invalidMessage(pattern, data));
    return new Observable<TResult>((subscriber) =>
      this.runtime.requests.start(this.call(PATTERN, pattern, data), new ReplySubscriber(subscriber)),
    );
  }

  /** Publishes an event at once, whether or not the observable is subscribed. It emits and completes when the QoS handshake is done. */
  override emit<K extends EventTopic<Topics>>(pattern: K, data: Sendable<EventOf<Topics, K>>): Observable<void>;
  override emit<TResult = unknown, TInput = unknown>(
    pattern: WithoutContract<Topics, unknown>,
    data: TInput,
  ): Observable<TResult>;
  override emit<TResult>(pattern: unknown, data: unknown): Observable<TResult> {
    if (isMissing(pattern) || isMissing(data)) return throwError(() => this.invalidMessage(pattern, data));
    const published = this.publishEvent(pattern, data);
    let observed = false;
    published.catch((error: unknown) => {
      if (observed) return;
      this.logger.error(`The event on "${this.topicOf(pattern)}" was not published: ${describeThrown(error)}`);
    });
    return new Observable<TResult>((subscriber) => {
      observed = true;
      return from(published as Promise<TResult>).subscribe(subscriber);
    });
  }

  /**
   * Sends a request. Resolves with its reply and the properties of the reply.
   *
   * @throws RemoteError when the handler failed
   * @throws RequestTimeoutError, RequestCancelledError, NoMatchingSubscribersError, PublishRefusedError, ConnectionClosedError
   */
  request<K extends RequestTopic<Topics>>(
    topic: K,
    data: Sendable<RequestOf<Topics, K>>,
    options?: MqttRecordOptions,
  ): Promise<MqttReply<ReplyOf<Topics, K>>>;
  request<T = unknown>(
    topic: WithoutContract<Topics, string>,
    data: unknown,
    options?: MqttRecordOptions,
  ): Promise<MqttReply<T>>;
  request<T>(topic: string, data: unknown, options?: MqttRecordOptions): Promise<MqttReply<T>> {
    return new Promise((resolve, reject) => {
      this.runtime.requests.start(this.call(TOPIC, topic, data, options), new ReplyWaiter(resolve, reject));
    });
  }

  /**
   * Creates a publisher for one topic, with default options that each call may override.
   *
   * @example
   * ```ts
   * const telemetry = client.publisher('telemetry/7', { qos: 1, retain: true });
   * await telemetry.publish({ celsius: 21 });
   * ```
   */
  publisher<K extends MessageTopic<Topics>>(topic: K, defaults?: MqttRecordOptions): MqttPublisher<Topics[K]>;
  publisher(topic: WithoutContract<Topics, string>, defaults?: MqttRecordOptions): MqttPublisher;
  publisher(topic: string, defaults: MqttRecordOptions = {}): MqttPublisher {
    return new MqttPublisher(this.untyped, topic, withOverrides(topic, {}, defaults));
  }

  /**
   * Messages of an ad-hoc subscription, as an observable and an async iterable. The filter is subscribed with the first listener and
   * unsubscribed with the last one; several listeners to one filter share one subscription.
   *
   * @throws InvalidOptionsError that lists every problem with the options
   * @throws InvalidTopicError when `filter` is not a valid Topic Filter, or contains characters that are refused (`discouragedCharacters`)
   * @throws FeatureNotSupportedError when it uses options that 3.1.1 does not have
   * @example
   * ```ts
   * for await (const { topic, data } of client.messages<number>('devices/+/temperature', { qos: 1 })) {
   *   console.log(topic, data);
   * }
   * const one = await firstValueFrom(client.messages('status/7').pipe(timeout(1_000)));
   * ```
   */
  messages<K extends MessageTopic<Topics>>(filter: K, options?: MessagesOptions): MessageStream<MessageOf<Topics, K>>;
  messages<T = unknown>(filter: WithoutContract<Topics, string>, options?: MessagesOptions): MessageStream<T>;
  messages<T>(filter: string, options: MessagesOptions = {}): MessageStream<T> {
    const { qos = 0, shared, nl, rap, rh, bufferSize = DEFAULT_BUFFER_SIZE, manualAck = false, codec } = options;
    assertFilterText(filter);
    assertMessagesOptions(`messages(${JSON.stringify(filter)})`, options);
    const { protocolVersion, discouragedCharacters } = this.resolved.connection;
    const parsed = TopicFilter.parse(filter);
    if (protocolVersion === 4)
      refuseOptions(`the subscription to "${filter}"`, options, SUBSCRIPTION_OPTIONS_ONLY_ON_5);
    const request = { filter: shared === undefined ? parsed.text : parsed.inGroup(shared).text, qos, nl, rap, rh };
    refuseDiscouraged(request.filter, discouragedCharacters);
    this.literals.listened(filter);
    return new MessageStream<T>((observer) => this.runtime.listen(request, codec, observer), { bufferSize, manualAck });
  }

  /** The configuration of this client, without credentials; available before it connects. */
  describe(): ClientDescription {
    return describeClient(this.resolved);
  }

  /** State of the connection; undefined before the first use and after `close()`. */
  health(): MqttHealth | undefined {
    return this.current?.health();
  }

  /**
   * Whether the broker answers a ping in time.
   *
   * @param timeout whole milliseconds, from 1 to 2_147_483_647
   * @throws InvalidOptionsError for any other timeout
   */
  async ping(timeout: number): Promise<boolean> {
    assertDuration('timeout of ping()', timeout, { min: 1, max: MAX_TIMER_MS });
    return (await this.current?.ping(timeout)) ?? false;
  }

  /** Publishes. Resolves when the QoS handshake is done. */
  publish<K extends EventTopic<Topics>>(
    topic: K,
    data: Sendable<EventOf<Topics, K>>,
    options?: MqttRecordOptions,
  ): Promise<void>;
  publish(topic: WithoutContract<Topics, string>, data: unknown, options?: MqttRecordOptions): Promise<void>;
  /** @internal Called by Nest's `ClientProxy` for a request */
  publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void;
  publish(
    topicOrPacket: string | ReadPacket,
    data: unknown,
    options?: MqttRecordOptions,
  ): Promise<void> | (() => void) {
    if (typeof topicOrPacket === 'string' || typeof data !== 'function')
      return this.publishValue(topicOrPacket as string, data, options);
    const callback = data as (packet: WritePacket) => void;
    const subscription = this.untyped.send(topicOrPacket.pattern as unknown, topicOrPacket.data as unknown).subscribe({
      next: (response) => callback({ response }),
      error: (err: unknown) => callback({ err }),
      complete: () => callback({ isDisposed: true }),
    });
    return () => subscription.unsubscribe();
  }

  protected override async dispatchEvent<T = unknown>(packet: ReadPacket): Promise<T> {
    await this.publishEvent(packet.pattern, packet.data);
    return undefined as T;
  }

  /** The topic of any pattern, for the log. */
  private topicOf(pattern: unknown): string {
    try {
      return this.normalizePattern(pattern as MsPattern);
    } catch {
      return 'an invalid pattern';
    }
  }

  /** What Nest refuses, with a message that says what is missing. */
  private invalidMessage(pattern: unknown, data: unknown): InvalidMessageException {
    const exception = new InvalidMessageException();
    exception.message = isMissing(pattern)
      ? `A message has no pattern: ${PATTERN}, not ${String(pattern)}.`
      : `The message to "${this.topicOf(pattern)}" has no data, but ${String(data)}. Send '' or {}; publish() and request() take undefined, for an empty payload.`;
    Error.captureStackTrace(exception); // which begins with the message
    return exception;
  }

  private async publishEvent(pattern: unknown, data: unknown): Promise<void> {
    await this.runtime.emit(this.call(PATTERN, pattern, data));
  }

  private async publishValue(topic: string, given: unknown, overrides: MqttRecordOptions | undefined): Promise<void> {
    const call = this.call(TOPIC, topic, given, overrides);
    await this.runtime.publish(call.topic, call);
  }

  /** This client without its contract, for untyped calls. */
  private get untyped(): ClientMqtt {
    return this;
  }

  private get runtime(): ClientRuntime {
    // must not reconnect by itself: it would take the session back from the other client
    if (!this.current || (this.current.closed && !this.current.takenOver)) {
      if (this.finished) throw new ConnectionClosedError(APPLICATION_CLOSED, false);
      this.current = new ClientRuntime(this.resolved, this.declared, this.logger, (status) =>
        this._status$.next(status),
      );
      for (const [event, listener] of this.listeners) this.current.on(event, listener);
    }
    return this.current;
  }

  /** Metadata of the dispatch hook (Nest 12), which may throw. */
  private dispatched(call: RequestCall, dispatch: DispatchHook): RequestCall {
    const packet: DispatchedPacket = { pattern: call.pattern, data: call.data };
    try {
      dispatch(packet);
    } catch (error) {
      this.logger.error(`The dispatch hook threw for the message to "${call.topic}": ${describeThrown(error)}`);
      throw error;
    }
    return packet.metadata ? withMetadata(call, packet.metadata, this.resolved.connection.protocolVersion) : call;
  }

  /** @param wanted what the pattern is called there, for errors */
  private call(wanted: string, pattern: unknown, given: unknown, overrides?: MqttRecordOptions): RequestCall {
    const topic = topicOfPattern(pattern as MsPattern, this.normalize, '', wanted);
    refuseBuilder(topic, given);
    const { data, options } = unwrapRecord(given);
    this.literals.published(topic);
    const call = { pattern, topic, data, options: withOverrides(topic, options, overrides) };
    const { onDispatchHook } = this as unknown as { onDispatchHook?: DispatchHook };
    return onDispatchHook ? this.dispatched(call, onDispatchHook) : call;
  }
}

const SUBSCRIPTION_OPTIONS_ONLY_ON_5 = ['nl', 'rap', 'rh'] as const;
const APPLICATION_CLOSED =
  'The application is closed, and so is its MQTT client. Publish and request before: in onModuleDestroy() or ' +
  'beforeApplicationShutdown(), at the latest; or call connect() to open the client again.';
/** QoS 0 messages that wait for `for await`. */
const DEFAULT_BUFFER_SIZE = 1_000;

function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
