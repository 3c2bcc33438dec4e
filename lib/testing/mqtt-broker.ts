import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { ReasonCode } from '../protocol/reason-code.js';
import { assertTopicName } from '../protocol/topic-name.js';
import { BrokerCore } from './broker-core.js';
import type { MqttBrokerEvents } from './broker-events.js';
import { createMessage, type BrokerMessage, type MessageToPublish } from './broker-message.js';
import type { MqttBrokerOptions } from './broker-options.js';
import { Connection, type ConnectionEnd, type ConnectionHost } from './network/connection.js';
import { Faults } from './faults/faults.js';
import { dispatch } from './handlers/dispatch.js';
import { Listener, type ListenOptions } from './network/listener.js';
import { PacketRules } from './faults/packet-rules.js';
import { warnInProduction } from './production-warning.js';
import { resolveBrokerOptions } from './resolve-broker-options.js';
import { viewSession, type SessionView } from './sessions/session-view.js';
import { createStreamPair } from './network/stream-pair.js';
import { waitForEvent, type WaitOptions } from './wait-for-event.js';

/**
 * An MQTT 5.0 and 3.1.1 broker inside this process, for development and tests.
 *
 * **Not for production**: all state is in memory and lost with the process, there is no cluster, and it is not hardened against a hostile
 * network. It warns once when `NODE_ENV` is `production`.
 *
 * Events show what happens (`broker.on`, `broker.waitFor`), and `broker.faults` simulates failures.
 *
 * @example
 * ```ts
 * const broker = new MqttBroker();
 * const url = await broker.listen();
 * // ... or without any socket: new MqttClient(() => broker.stream(), options)
 * await broker.close();
 * ```
 */
export class MqttBroker extends EventEmitter<MqttBrokerEvents> {
  /** Simulated faults. */
  readonly faults: Faults;
  private readonly core: BrokerCore;
  private readonly host: ConnectionHost;
  private readonly connections = new Set<Connection>();
  private readonly addresses: Listener[] = [];
  private running = true;

  /** @throws InvalidOptionsError that lists every problem */
  constructor(options: MqttBrokerOptions = {}) {
    super();
    warnInProduction();
    const resolved = resolveBrokerOptions(options);
    const rules = new PacketRules();
    this.core = new BrokerCore(resolved, this);
    this.host = {
      options: resolved,
      events: this,
      rules,
      handle: (connection, packet) => dispatch(this.core, connection, packet),
      ended: (connection, end) => this.ended(connection, end),
    };
    this.faults = new Faults(this.core, rules, (clientId) => this.connectionOf(clientId));
  }

  /** Sessions of the connected clients. */
  get clients(): SessionView[] {
    return this.sessions.filter(({ connected }) => connected);
  }

  /** All sessions, including those of disconnected clients. */
  get sessions(): SessionView[] {
    return this.core.sessions.all().map(viewSession);
  }

  /** A client's session; undefined when there is none. */
  session(clientId: string): SessionView | undefined {
    const session = this.core.sessions.get(clientId);
    return session && viewSession(session);
  }

  /** The retained message of a topic. */
  retained(topic: string): BrokerMessage | undefined {
    return this.core.retained.get(topic);
  }

  /** Listens on an address, and returns its URL. May be called several times. */
  async listen(options: ListenOptions = {}): Promise<string> {
    const listener = new Listener(options, (stream) => this.accept(stream));
    const url = await listener.open();
    this.addresses.push(listener);
    return url;
  }

  /** A client's side of a connection without a socket: `new MqttClient(() => broker.stream(), options)`. */
  stream(): Duplex {
    const [client, server] = createStreamPair();
    if (this.running) this.accept(server);
    else client.destroy(new Error('The broker is stopped'));
    return client;
  }

  /**
   * Publishes from the broker itself; returns the number of sessions and groups that receive the message.
   * @throws InvalidTopicError when the topic is not a valid Topic Name
   */
  publish(message: MessageToPublish): number {
    assertTopicName(message.topic);
    return this.core.accept(createMessage(message));
  }

  /** Resolves with the next event that matches `predicate`; rejects after a timeout. */
  waitFor<Name extends keyof MqttBrokerEvents>(
    event: Name,
    predicate?: (payload: MqttBrokerEvents[Name][0]) => boolean,
    options?: WaitOptions,
  ): Promise<MqttBrokerEvents[Name][0]> {
    return waitForEvent(this, event, predicate, options);
  }

  /** Stops like a crash: no DISCONNECT, no wills, connections are refused. Sessions and retained messages are kept. */
  async stop(): Promise<void> {
    this.running = false;
    await this.endConnections((connection) => connection.cut());
    await Promise.all(this.addresses.map((listener) => listener.close()));
  }

  /** Starts again at the same addresses. */
  async start(): Promise<void> {
    this.running = true;
    await Promise.all(this.addresses.map((listener) => listener.open()));
  }

  /** Stops and starts again, with or without its stored state. */
  async restart({ keepSessions }: { keepSessions: boolean }): Promise<void> {
    await this.stop();
    if (!keepSessions) this.forget();
    await this.start();
  }

  /** Closes the broker: clients get DISCONNECT 0x8B, no wills are published. The broker cannot be used again. */
  async close(): Promise<void> {
    this.running = false;
    await this.endConnections((connection) => connection.disconnect(ReasonCode.SERVER_SHUTTING_DOWN));
    await Promise.all(this.addresses.splice(0).map((listener) => listener.close()));
    this.forget();
  }

  private accept(stream: Duplex): void {
    if (!this.running) return void stream.destroy();
    const connection = new Connection(stream, this.host);
    this.connections.add(connection);
    void connection.bytes.closed.then(() => this.connections.delete(connection));
  }

  private ended(connection: Connection, end: ConnectionEnd): void {
    const { session, will } = connection;
    if (!session) return;
    this.emit('disconnect', { clientId: session.clientId, ...end });
    session.outbound.detach();
    if (will && this.running) this.core.wills.schedule(session, will);
    this.core.sessions.left(session);
  }

  private async endConnections(end: (connection: Connection) => void): Promise<void> {
    const connections = [...this.connections];
    for (const connection of connections) end(connection);
    await Promise.all(connections.map(({ bytes }) => bytes.closed));
  }

  private forget(): void {
    this.core.wills.clear();
    this.core.sessions.clear();
    this.core.retained.clear();
  }

  private connectionOf(clientId: string): Connection | undefined {
    return [...this.connections].find((connection) => connection.isOpen && connection.session?.clientId === clientId);
  }
}
