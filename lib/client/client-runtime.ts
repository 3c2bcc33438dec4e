import type { Logger } from '@nestjs/common';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { Observers } from '../observing/observers.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import { AZURE_IOT_OPERATIONS } from '../options/message-format.js';
import type { MqttCodec } from '../protocol/codec.js';
import { ACK } from '../protocol/delivery.js';
import { defaultCodec } from '../serialization/codecs.js';
import { withDeserializer, withSerializer } from '../serialization/nest-serializers.js';
import { isTakeover } from '../wire/connection/connection-failure.js';
import type { MqttHealth } from '../observing/mqtt-health.js';
import { within } from '../timing/within.js';
import type { InboundMessage } from '../wire/inbound/inbound-message.js';
import { Link } from '../wire/link.js';
import type { MqttClient, MqttEvents, MqttStatus } from '../wire/mqtt-events.js';
import type { SubscriptionRequest } from '../wire/subscriptions/subscriber.js';
import type { DeclaredTopics } from './declared-topics.js';
import { MessageComposer } from './message-composer.js';
import { AdHocSubscriptions } from './messages/ad-hoc-subscriptions.js';
import { MessageListener } from './messages/message-listener.js';
import type { MessageObserver } from './messages/message-stream.js';
import { publishWithin } from './publish-attempt.js';
import { AzureFormat } from './formats/azure-format.js';
import { CorrelationData } from './requests/correlation-data.js';
import { EnvelopeFormat, envelopeOf } from './formats/envelope-format.js';
import { FirstReplyFormat } from './formats/first-reply-format.js';
import { Inbox } from './requests/inbox.js';
import { PlainFormat } from './formats/plain-format.js';
import type { RequestCall } from './requests/request-call.js';
import type { RequestFormat } from './formats/request-format.js';
import { RequestTable } from './requests/request-table.js';

/** A client from its first use to `close()`: creates its parts, and manages their life cycle. */
export class ClientRuntime {
  readonly requests: RequestTable;

  private readonly link: Link;
  private readonly composer: MessageComposer;
  private readonly adHoc: AdHocSubscriptions;
  private readonly codec: MqttCodec;
  private readonly envelopeCodec: MqttCodec;

  constructor(
    private readonly options: ResolvedClientOptions,
    private readonly declared: DeclaredTopics,
    private readonly logger: Logger,
    onStatus: (status: MqttStatus) => void,
  ) {
    const { serializer, deserializer } = options;
    this.codec = options.codec ?? defaultCodec;
    this.envelopeCodec = withDeserializer(withSerializer(defaultCodec, serializer, asItIs), deserializer, asItIs);
    const codec = withDeserializer<{ response?: unknown }>(
      withSerializer(this.codec, serializer, (data) => ({ data })),
      deserializer,
      ({ response }) => response,
    );
    this.composer = new MessageComposer(options, codec);
    this.link = new Link(options.connection, {
      role: 'client',
      figures: () => ({ pendingRequests: this.requests.size }),
      logger,
      offline: options.offline,
      maxQueuedMessages: options.maxQueuedMessages,
      onStatus,
      onMessage: (message) => this.receive(message),
    });
    const { connection, publisher, subscriber, observers } = this.link;
    const correlation = new CorrelationData();
    this.requests = new RequestTable({
      ...options,
      connection,
      publisher,
      correlation,
      observers,
      templateOf: (topic) => declared.templateOf(topic),
      logger,
      formatOf: this.requestFormats(codec, correlation),
      inbox: new Inbox<RequestFormat>({
        clientId: connection.clientId,
        prefix: () => options.responseTopicPrefix ?? connection.limits?.responseInformation,
        subscribe: (topic) => subscriber.subscribe([{ filter: topic, qos: 1 }]),
        unsubscribe: (topic) => this.link.unsubscribe(topic),
        isGranted: (topic) => subscriber.isGranted(topic),
      }),
    });
    this.adHoc = new AdHocSubscriptions({
      subscribe: (request) => subscriber.subscribe([request]),
      unsubscribe: (filter) => this.link.unsubscribe(filter),
    });
    connection.on('connected', ({ first }) => {
      // subscribe before queued messages are published
      if (first) setImmediate(() => this.link.openPublisher());
    });
    observers?.happened({ kind: 'opened' });
  }

  /**
   * The format of a call: plain on 5.0, Nest's envelope on 3.1.1, unless the options set one. On 3.1.1 a call with a `responseTopic` is
   * plain, because a peer that uses Nest's envelope does not reply to that topic.
   */
  private requestFormats(codec: MqttCodec, correlation: CorrelationData): (call: RequestCall) => RequestFormat {
    const { envelope, requestFormat, connection } = this.options;
    const inEnvelope = new EnvelopeFormat(this.composer, this.envelopeCodec, correlation);
    if (envelope === 'nest') return () => inEnvelope;
    if (connection.protocolVersion === 5) {
      const plain = new PlainFormat(this.composer, codec, correlation);
      if (requestFormat !== AZURE_IOT_OPERATIONS) return () => plain;
      const azure = new AzureFormat(plain, this.link.connection.clientId);
      return () => azure;
    }
    const firstReply = new FirstReplyFormat(this.composer, codec);
    return ({ options }) => (envelope === 'plain' || options.responseTopic !== undefined ? firstReply : inEnvelope);
  }

  /** Subscribes to a filter. @returns a function that unsubscribes */
  listen<T>(request: SubscriptionRequest, codec: MqttCodec | undefined, observer: MessageObserver<T>): () => void {
    const { connection } = this.link;
    const listener = new MessageListener(request.filter, codec ?? this.codec, observer, this.logger);
    let left = false;
    const onClosed = (error: Error | undefined): void => listener.end(error);
    connection.once('closed', onClosed);
    const add = (): Promise<void> | undefined => (left ? undefined : this.adHoc.add(request, listener));
    const added = connection.connected ? add() : connection.open().then(add);
    added?.catch((error: unknown) => listener.fail(error));
    return () => {
      left = true; // possibly before there was a connection
      connection.off('closed', onClosed);
      this.adHoc.remove(request.filter, listener);
    };
  }

  /** Whether the broker answers a ping within the timeout, in milliseconds. */
  ping(timeoutMs: number): Promise<boolean> {
    return this.link.ping(timeoutMs);
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

  get closed(): boolean {
    return this.link.connection.closed;
  }

  /** Whether another client with the same Client Identifier has taken over the session. */
  get takenOver(): boolean {
    return isTakeover(this.link.connection.lastError);
  }

  connect(): Promise<void> {
    return this.link.connection.open();
  }

  /** Publishes an event, in the wire format of the options. Resolves when the QoS handshake is done. */
  emit(call: RequestCall): Promise<void> {
    return this.publish(call.topic, call, this.options.envelope === 'nest');
  }

  /** Publishes, and connects if necessary. Resolves when the QoS handshake is done. */
  async publish(topic: string, call: RequestCall, enveloped = false): Promise<void> {
    const { options } = call;
    this.composer.check(topic, options);
    const { observers, publisher } = this.link;
    if (observers !== undefined) await this.publishObserved(topic, call, enveloped, observers);
    else await publishWithin(publisher, this.compose(topic, call, enveloped, call.metadata), options);
  }

  private compose(
    topic: string,
    call: RequestCall,
    enveloped: boolean,
    metadata: RequestCall['metadata'],
  ): OutgoingMessage {
    const { data, options } = call;
    if (!enveloped) return this.composer.compose(topic, data, options);
    return this.composer.compose(topic, envelopeOf(call, metadata), { ...options, codec: this.envelopeCodec });
  }

  private async publishObserved(
    topic: string,
    call: RequestCall,
    enveloped: boolean,
    observers: Observers,
  ): Promise<void> {
    const { publishOptions } = this.options;
    const { qos = publishOptions.qos ?? 0, retain = publishOptions.retain ?? false, correlationData } = call.options;
    const template = this.declared.templateOf(topic);
    const publication = observers.publish({ kind: 'event', topic, template, qos, retain, correlationData, enveloped });
    try {
      const message = this.compose(topic, call, enveloped, publication.metadata(call.metadata));
      const { publisher } = this.link;
      publication.settled(undefined, await publishWithin(publisher, publication.complete(message), call.options));
    } catch (error) {
      publication.settled(error, undefined);
      throw error;
    }
  }

  /** Ends requests at once, waits until published messages are delivered or rejected, and disconnects. */
  async close(): Promise<void> {
    this.link.inbound.stopAccepting();
    this.requests.close();
    await within(this.options.gracefulTimeoutMs, this.link.publisher.whenEmpty());
    await this.link.close();
  }

  /**
   * Passes a message to the request table, which finds replies by their topic, and to matching listeners: the filter of a listener may
   * match an inbox too.
   */
  private receive(message: InboundMessage): void {
    const { packet } = message;
    if (this.adHoc.size === 0) message.decide(ACK); // whatever its caller does with it
    const awaited = this.requests.receive(packet);
    const heard = this.adHoc.size > 0 && this.adHoc.receive(packet, message);
    if (!heard) message.decide(ACK);
    if (!heard && !awaited) this.requests.receiveLate(packet);
  }
}

/** In Nest's envelope, the deserialized packet is the value. */
function asItIs(packet: unknown): unknown {
  return packet;
}
