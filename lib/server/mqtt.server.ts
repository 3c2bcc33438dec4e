import {
  Server,
  Transport,
  type CustomTransportStrategy,
  type MessageHandler,
  type MsPattern,
} from '@nestjs/microservices';
import { DeadLetterError } from '../errors/dead-letter.error.js';
import { describeThrown } from '../errors/describe-thrown.js';
import { SteadyLogger } from '../errors/steady-logger.js';
import { connectionAside } from '../options/connection-options.js';
import { assertDuration } from '../options/option-checks.js';
import { resolveServerOptions, type MqttServerOptions, type ResolvedServerOptions } from '../options/server-options.js';
import { placeOf } from '../routing/decorators/handler-extras.js';
import { topicOfHandler } from '../routing/handler-pattern.js';
import { HandlerRegistry } from '../routing/handler-registry.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import type { MqttHealth } from '../observing/mqtt-health.js';
import type { MqttClient, MqttEvents, MqttStatus } from '../wire/mqtt-events.js';
import { DeadLetters, type Replayer } from './dead-letters/dead-letters.js';
import type { ProcessingHooks } from './handling/invocation-host.js';
import { describeServer, type ServerDescription } from './server-description.js';
import { ServerRuntime } from './server-runtime.js';

/** Time after which the log says that the start waits for the broker, in milliseconds. */
const WAITING_MS = 3_000;

/**
 * Read by Nest 12 (unknown to Nest 11): errors of event handlers are passed to this transport, which logs them and settles the message,
 * so that Nest does not log them too.
 */
const NEST_12_FIELDS = { propagatesEventHandlerErrors: true };

/**
 * Nest transport strategy that serves `@MessagePattern` and `@EventPattern` handlers over MQTT.
 *
 * @example
 * ```ts
 * const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
 *   strategy: new ServerMqtt({ url: 'mqtt://localhost:1883' }),
 * });
 * await app.listen();
 * ```
 */
export class ServerMqtt extends Server<MqttEvents, MqttStatus> implements CustomTransportStrategy {
  override transportId: Transport | symbol;
  protected override readonly logger = new SteadyLogger(ServerMqtt.name);

  /** The dead letters that it keeps, where it has a store: to be listed, replayed and discarded. */
  readonly deadLetters: DeadLetters;
  private resolved: ResolvedServerOptions;
  private readonly registry: HandlerRegistry;
  private runtime: ServerRuntime | undefined;
  /** Nest's default start hook, which does nothing; in Nest 11 since 11.1.4. */
  private readonly noHook = this.onProcessingStartHook;
  private readonly listeners: [keyof MqttEvents, MqttEvents[keyof MqttEvents]][] = [];

  /** @throws InvalidOptionsError that lists every problem */
  constructor(options: MqttServerOptions = {}) {
    super();
    Object.assign(this, NEST_12_FIELDS);
    this.resolved = resolveServerOptions(options);
    this.registry = new HandlerRegistry(this.resolved.connection.discouragedCharacters);
    this.transportId = this.resolved.transportId ?? Transport.MQTT;
    this.deadLetters = new DeadLetters(this.resolved.deadLetters, () => this.replayer());
  }

  /** @internal Whether Nest has registered handlers, which it does when the server is connected as a microservice. */
  get hasHandlers(): boolean {
    return !this.registry.isEmpty;
  }

  /** Called by Nest for every pattern of every handler. @throws InvalidTopicError when the pattern is not a topic */
  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const normalized = topicOfHandler(pattern as MsPattern, (given) => this.normalizePattern(given), placeOf(extras));
    callback.isEventHandler = isEventHandler;
    callback.extras = extras;
    this.registry.add(normalized, typeof pattern === 'object', callback, isEventHandler, extras);
    if (!this.messageHandlers.has(normalized)) this.messageHandlers.set(normalized, callback);
  }

  /**
   * Connects and subscribes. Calls back when the broker has granted every subscription, or with an error; with `waitForBroker: false` at
   * once. Does not call back after `close()`, as in Nest's own transports.
   */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    let started: Promise<boolean>;
    try {
      this.runtime = this.createRuntime();
      started = this.start(this.runtime);
      started.catch(() => {}); // the error is logged
      if (this.resolved.waitForBroker && !(await started)) return;
    } catch (error) {
      await this.close();
      callback(error);
      return;
    }
    callback();
  }

  /** @internal Connects, when it does, beside the application that serves: as another client, without its session. */
  standAside(): void {
    this.resolved = Object.freeze({ ...this.resolved, connection: connectionAside(this.resolved.connection) });
  }

  /** @internal Connects for replays alone: nothing is subscribed. Closed by {@link close}. */
  async connectForReplays(): Promise<void> {
    this.runtime = this.createRuntime();
    await this.runtime.connect();
  }

  /** @returns false when it was closed before */
  private async start(runtime: ServerRuntime): Promise<boolean> {
    const waiting = this.resolved.waitForBroker ? setTimeout(() => this.tellWaiting(), WAITING_MS).unref() : undefined;
    try {
      await runtime.start();
      return true;
    } catch (error) {
      if (this.runtime !== runtime) return false;
      if (!this.resolved.waitForBroker) {
        this.logger.error(`The server could not start: ${describeThrown(error)}`);
        await runtime.stop();
      }
      throw error;
    } finally {
      clearTimeout(waiting);
    }
  }

  /** HTTP of a hybrid application does not start before `startAllMicroservices()` resolves. */
  private tellWaiting(): void {
    this.logger.warn(
      'The start of the application waits for the broker: startAllMicroservices() has not resolved. ' +
        'See the reason above, or set waitForBroker: false to start without it.',
    );
  }

  private createRuntime(): ServerRuntime {
    const runtime = new ServerRuntime(this.resolved, this.registry, {
      logger: this.logger,
      hooks: this.hooks(),
      normalizePattern: (pattern) => this.normalizePattern(pattern as MsPattern),
      onStatus: (status) => this._status$.next(status),
    });
    for (const [event, listener] of this.listeners) runtime.on(event, listener);
    return runtime;
  }

  /**
   * Stops accepting messages, waits for running handlers and their acknowledgements, at most for `gracefulTimeout`, and disconnects.
   * Messages whose handler has not started are not acknowledged.
   */
  async close(): Promise<void> {
    const { runtime } = this;
    this.runtime = undefined;
    await runtime?.stop();
  }

  /**
   * Adds a listener for an event of the connection, also after reconnects.
   *
   * @typeParam C type of the listener
   */
  on<K extends keyof MqttEvents = keyof MqttEvents, C extends MqttEvents[K] = MqttEvents[K]>(
    event: K,
    callback: C,
  ): void {
    this.listeners.push([event, callback]);
    this.runtime?.on(event, callback);
  }

  private replayer(): Replayer {
    if (this.runtime) return this.runtime.replays;
    throw new DeadLetterError(
      'not-serving',
      'The server does not run: call listen() or startAllMicroservices() before a replay, and none after close().',
    );
  }

  /** Looked at for each message: they may be set at any time. */
  private hooks(): ProcessingHooks {
    const start: ProcessingHooks['start'] = (context, process) =>
      this.onProcessingStartHook(this.transportId, context, process);
    const end: ProcessingHooks['end'] = (context) => this.onProcessingEndHook?.(this.transportId, context);
    const hasStart = (): boolean =>
      this.onProcessingStartHook !== this.noHook && this.onProcessingStartHook !== undefined;
    const hasEnd = (): boolean => this.onProcessingEndHook !== undefined;
    return {
      get start() {
        return hasStart() ? start : undefined;
      },
      get end() {
        return hasEnd() ? end : undefined;
      },
    };
  }

  /** State of the connection; undefined before `listen()` and after `close()`. */
  health(): MqttHealth | undefined {
    return this.runtime?.health();
  }

  /**
   * Whether the broker answers a ping in time.
   *
   * @param timeout whole milliseconds, from 1 to 2_147_483_647
   * @throws InvalidOptionsError for any other timeout
   */
  async ping(timeout: number): Promise<boolean> {
    assertDuration('timeout of ping()', timeout, { min: 1, max: MAX_TIMER_MS });
    return (await this.runtime?.ping(timeout)) ?? false;
  }

  /**
   * The configuration of this server: every handler with its filter and options. Available before `listen()`, after Nest has registered
   * the handlers: after `connectMicroservice()`, or `init()` of a microservice.
   *
   * @throws InvalidOptionsError, InvalidTopicError, DuplicateHandlerError when handlers are invalid
   */
  describe(): ServerDescription {
    return describeServer(this.transportId, this.resolved, this.registry);
  }

  /** The underlying MQTT.js client. */
  unwrap<T = MqttClient>(): T {
    if (!this.runtime)
      throw new Error('The server has no connection yet. Call listen() or startAllMicroservices() first.');
    return this.runtime.client as T;
  }
}
