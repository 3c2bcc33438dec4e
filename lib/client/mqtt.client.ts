import { Logger } from '@nestjs/common';
import { ClientProxy, type MsPattern, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { InvalidMessageException } from '@nestjs/microservices/errors/invalid-message.exception.js';
import { from, Observable, throwError } from 'rxjs';
import { resolveClientOptions, type MqttClientOptions, type ResolvedClientOptions } from '../options/client-options.js';
import type {
  AnyTopics,
  EventOf,
  EventTopic,
  ReplyOf,
  RequestOf,
  RequestTopic,
  WithoutContract,
} from '../protocol/topic-contract.js';
import { TopicFilter } from '../protocol/topic-filter.js';
import { unwrapRecord, type MqttRecordOptions, type Sendable } from '../records/mqtt-record.js';
import { refuseOptions } from '../records/only-on-5.js';
import type { MqttHealth } from '../wire/connection-health.js';
import type { MqttClient, MqttEvents, MqttStatus } from '../wire/mqtt-events.js';
import { ClientRuntime } from './client-runtime.js';
import type { MessagesOptions } from './mqtt-message.js';
import { MessageStream } from './message-stream.js';
import { MqttPublisher } from './mqtt-publisher.js';
import type { MqttReply } from './mqtt-reply.js';
import { ReplySubscriber } from './reply-subscriber.js';
import type { RequestCall } from './request-format.js';

/**
 * Nest client that sends requests and events over MQTT. It connects when it is first used, and stays connected.
 *
 * @example
 * ```ts
 * const client = new ClientMqtt({ url: 'mqtt://localhost:1883' });
 * const sum = await firstValueFrom(client.send<number>('math/sum', [1, 2, 3]));
 * client.emit('telemetry/7', new MqttRecordBuilder({ celsius: 21 }).setQoS(1).build());
 * ```
 *
 * @typeParam Topics optional contract of what goes over which topic; see {@link AnyTopics}
 */
export class ClientMqtt<Topics = AnyTopics> extends ClientProxy<MqttEvents, string> {
  protected readonly logger = new Logger(ClientMqtt.name);
  private readonly resolved: ResolvedClientOptions;
  private readonly listeners: [keyof MqttEvents, MqttEvents[keyof MqttEvents]][] = [];
  private current: ClientRuntime | undefined;

  /** @throws InvalidOptionsError that lists every problem */
  constructor(options: MqttClientOptions = {}) {
    super();
    this.resolved = resolveClientOptions(options);
  }

  // the class is a ClientProxy of any string, or Nest 12's `customClass` would not take it
  override get status(): Observable<MqttStatus> {
    return super.status as Observable<MqttStatus>;
  }

  /** @throws ConnectionRefusedError when the broker refuses for good or the attempts are used up */
  override async connect(): Promise<void> {
    if (this.current?.closed) this.current = undefined; // asked for by name, it is tried again whatever ended it
    await this.runtime.connect();
  }

  /** Ends the connection. Requests that wait for a reply end with a `ConnectionClosedError`. A later call connects again. */
  override async close(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.close();
  }

  /**
   * Listens to an event of the connection, and of the connections after it.
   *
   * @typeParam C the listener
   */
  override on<K extends keyof MqttEvents = keyof MqttEvents, C extends MqttEvents[K] = MqttEvents[K]>(
    event: K,
    callback: C,
  ): void {
    this.listeners.push([event, callback]);
    this.current?.on(event, callback);
  }

  /** The MQTT.js client underneath. */
  override unwrap<T = MqttClient>(): T {
    if (!this.current) throw new Error('The client has no connection yet. Call connect() first.');
    return this.current.client as T;
  }

  /**
   * Request and response. The request is made when the observable is subscribed; it emits one value, or many when the handler
   * streams. Unsubscribing gives the request up and cancels a running stream. A failed handler's error object arrives as the error.
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
    if (isMissing(pattern) || isMissing(data)) return throwError(() => new InvalidMessageException());
    return new Observable<TResult>((subscriber) => {
      return this.runtime.requests.start(this.call(pattern, data), new ReplySubscriber(subscriber));
    });
  }

  /** Publishes an event, at once. The observable emits and completes when the QoS handshake is done; it need not be subscribed. */
  override emit<K extends EventTopic<Topics>>(pattern: K, data: Sendable<EventOf<Topics, K>>): Observable<void>;
  override emit<TResult = unknown, TInput = unknown>(
    pattern: WithoutContract<Topics, unknown>,
    data: TInput,
  ): Observable<TResult>;
  override emit<TResult>(pattern: unknown, data: unknown): Observable<TResult> {
    if (isMissing(pattern) || isMissing(data)) return throwError(() => new InvalidMessageException());
    const call = this.call(pattern, data);
    const published = this.runtime.emit(call);
    let observed = false;
    published.catch((error: unknown) => {
      if (!observed) this.logger.error(`The event on "${call.topic}" was not published: ${(error as Error).message}`);
    });
    return new Observable<TResult>((subscriber) => {
      observed = true;
      return from(published as Promise<TResult>).subscribe(subscriber);
    });
  }

  /**
   * Request and one reply, with all that came with it.
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
      let last: MqttReply | undefined;
      this.runtime.requests.start(this.call(topic, data, options), {
        next: (reply) => (last = reply),
        error: reject,
        complete: (end) => resolve((last ?? end) as MqttReply<T>),
      });
    });
  }

  /**
   * Publishes to one topic, with defaults that each call may override.
   *
   * @example
   * ```ts
   * const telemetry = client.publisher('telemetry/7', { qos: 1, retain: true });
   * await telemetry.publish({ celsius: 21 });
   * ```
   */
  publisher(topic: string, defaults: MqttRecordOptions = {}): MqttPublisher {
    return new MqttPublisher(this, topic, { ...defaults });
  }

  /**
   * Messages of an ad-hoc subscription, as an observable and for `for await`. It is subscribed when somebody listens, and
   * unsubscribed when nobody does any more; several listeners to one filter share one subscription.
   *
   * @throws InvalidTopicError when `filter` is no Topic Filter
   * @throws FeatureNotSupportedError when it asks for what 3.1.1 does not have
   * @example
   * ```ts
   * for await (const { topic, data } of client.messages<number>('devices/+/temperature', { qos: 1 })) {
   *   console.log(topic, data);
   * }
   * const one = await firstValueFrom(client.messages('status/7').pipe(timeout(1_000)));
   * ```
   */
  messages<T = unknown>(filter: string, options: MessagesOptions = {}): MessageStream<T> {
    const { qos = 0, shared, nl, rap, rh, bufferSize = DEFAULT_BUFFER_SIZE, manualAck = false, codec } = options;
    const parsed = TopicFilter.parse(filter);
    if (this.resolved.connection.protocolVersion === 4)
      refuseOptions(`the subscription to "${filter}"`, options, SUBSCRIPTION_OPTIONS_ONLY_ON_5);
    const request = { filter: shared === undefined ? parsed.text : parsed.inGroup(shared).text, qos, nl, rap, rh };
    return new MessageStream<T>((observer) => this.runtime.listen(request, codec, observer), { bufferSize, manualAck });
  }

  /** How it stands with its broker; undefined before it is first used and after `close()`. */
  health(): MqttHealth | undefined {
    return this.current?.health();
  }

  /** Whether the live connection answers within that time, in milliseconds. */
  ping(timeout: number): Promise<boolean> {
    return this.current?.ping(timeout) ?? Promise.resolve(false);
  }

  /** Publishes. Resolves when the QoS handshake is done. */
  publish<K extends EventTopic<Topics>>(
    topic: K,
    data: Sendable<EventOf<Topics, K>>,
    options?: MqttRecordOptions,
  ): Promise<void>;
  publish(topic: WithoutContract<Topics, string>, data: unknown, options?: MqttRecordOptions): Promise<void>;
  /** @internal how Nest's own client makes a request */
  publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void;
  publish(
    topicOrPacket: string | ReadPacket,
    data: unknown,
    options?: MqttRecordOptions,
  ): Promise<void> | (() => void) {
    if (typeof topicOrPacket === 'string') {
      const call = this.call(topicOrPacket, data, options);
      return this.runtime.publish(call.topic, call.data, call.options);
    }
    const callback = data as (packet: WritePacket) => void;
    const subscription = this.untyped.send(topicOrPacket.pattern as unknown, topicOrPacket.data as unknown).subscribe({
      next: (response) => callback({ response }),
      error: (err: unknown) => callback({ err }),
      complete: () => callback({ isDisposed: true }),
    });
    return () => subscription.unsubscribe();
  }

  protected override async dispatchEvent<T = unknown>(packet: ReadPacket): Promise<T> {
    await this.runtime.emit(this.call(packet.pattern, packet.data));
    return undefined as T;
  }

  /** This client without its contract, for what comes from outside of it. */
  private get untyped(): ClientMqtt {
    return this;
  }

  private get runtime(): ClientRuntime {
    // a client that was taken over must not evict the other one by itself
    if (!this.current || (this.current.closed && !this.current.takenOver)) {
      this.current = new ClientRuntime(this.resolved, this.logger, (status) => this._status$.next(status));
      for (const [event, listener] of this.listeners) this.current.on(event, listener);
    }
    return this.current;
  }

  /** Nest 12: what instrumentation wants to travel along goes as User Properties, which 3.1.1 does not have. */
  private withMetadata(call: RequestCall, dispatch: DispatchHook): RequestCall {
    const packet: DispatchedPacket = { pattern: call.pattern, data: call.data };
    dispatch(packet);
    if (!packet.metadata || this.resolved.connection.protocolVersion === 4) return call;
    return {
      ...call,
      options: { ...call.options, userProperties: { ...packet.metadata, ...call.options.userProperties } },
    };
  }

  private call(pattern: unknown, given: unknown, overrides?: MqttRecordOptions): RequestCall {
    const { data, options } = unwrapRecord(given);
    const topic = this.normalizePattern(pattern as MsPattern);
    const call = { pattern, topic, data, options: overrides ? { ...options, ...overrides } : options };
    const { onDispatchHook } = this as unknown as { onDispatchHook?: DispatchHook };
    return onDispatchHook ? this.withMetadata(call, onDispatchHook) : call;
  }
}

/** Nest 12 shows a client's hook every packet before it goes out. */
type DispatchedPacket = ReadPacket & { metadata?: Record<string, string> };
type DispatchHook = (packet: DispatchedPacket) => void;

const SUBSCRIPTION_OPTIONS_ONLY_ON_5 = ['nl', 'rap', 'rh'] as const;
/** QoS 0 messages that wait for a slow `for await`. */
const DEFAULT_BUFFER_SIZE = 1_000;

function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
