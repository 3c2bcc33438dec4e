import type { Logger } from '@nestjs/common';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { PublishPacket } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { ACK, NACK, type Delivery } from '../protocol/delivery.js';
import type { MqttRecordOptions } from '../records/mqtt-record.js';
import { defaultCodec } from '../serialization/codecs.js';
import { withDeserializer, withSerializer } from '../serialization/nest-serializers.js';
import { isTakeover } from '../wire/connection-failure.js';
import type { MqttHealth } from '../wire/connection-health.js';
import { Link } from '../wire/link.js';
import type { MqttClient, MqttEvents, MqttStatus } from '../wire/mqtt-events.js';
import type { SubscriptionRequest } from '../wire/subscriber.js';
import { AdHocSubscriptions, type MessageListener } from './ad-hoc-subscriptions.js';
import type { ClientCounters } from './client-counters.js';
import { Inbox } from './inbox.js';
import type { MessageObserver } from './message-stream.js';
import { messageOf } from './received-message.js';
import { MessageComposer } from './message-composer.js';
import { PendingRequests } from './pending-requests.js';
import { requestFormats } from './request-formats.js';
import type { RequestCall } from './request-format.js';
import { Requests } from './requests.js';

/** A client from its first use to `close()`: it puts the rooms together and runs their life cycle. */
export class ClientRuntime {
  readonly requests: Requests;
  readonly counters: ClientCounters = { lateReplies: 0 };

  private readonly link: Link;
  private readonly composer: MessageComposer;
  private readonly inbox: Inbox;
  private readonly adHoc: AdHocSubscriptions;
  private readonly codec: MqttCodec;
  private readonly envelopeCodec: MqttCodec;
  private readonly envelope: ResolvedClientOptions['envelope'];

  constructor(options: ResolvedClientOptions, logger: Logger, onStatus: (status: MqttStatus) => void) {
    const { serializer, deserializer } = options;
    this.codec = options.codec ?? defaultCodec;
    this.envelopeCodec = withDeserializer(withSerializer(defaultCodec, serializer, asItIs), deserializer, asItIs);
    const codec = withDeserializer<{ response?: unknown }>(
      withSerializer(this.codec, serializer, (data) => ({ data })),
      deserializer,
      ({ response }) => response,
    );
    this.envelope = options.envelope;
    this.link = new Link(options.connection, {
      logger,
      offline: options.offline,
      maxQueuedMessages: options.maxQueuedMessages,
      onStatus,
      onMessage: (topic, payload, packet, delivery) => this.receive(topic, payload, packet, delivery),
    });
    const { connection, publisher, subscriber } = this.link;
    this.composer = new MessageComposer(options, codec);
    this.inbox = new Inbox({
      clientId: connection.clientId,
      prefix: () => options.responseTopicPrefix ?? connection.limits?.responseInformation,
      subscribe: (topic) => this.link.insist(() => subscriber.subscribe([{ filter: topic, qos: 1 }])),
      unsubscribe: (topic) => {
        this.requests.forget(topic);
        this.link.unsubscribe(topic);
      },
      isGranted: (topic) => subscriber.isGranted(topic),
    });
    const pending = new PendingRequests(options.maxPendingRequests);
    this.requests = new Requests({
      connection,
      publisher,
      inbox: this.inbox,
      pending,
      formatOf: requestFormats(options, pending, this.composer, codec, this.envelopeCodec),
      requestTimeoutMs: options.requestTimeoutMs,
      offline: options.offline,
      counters: this.counters,
      logger,
    });
    this.adHoc = new AdHocSubscriptions({
      subscribe: (request) => this.link.insist(() => subscriber.subscribe([request])),
      unsubscribe: (filter) => this.link.unsubscribe(filter),
    });
    connection.on('connected', ({ first }) => {
      if (first) publisher.flush();
    });
  }

  /** Listens to a filter from now on; the function that it returns ends it. */
  listen<T>(request: SubscriptionRequest, codec: MqttCodec | undefined, observer: MessageObserver<T>): () => void {
    const listener: MessageListener = (topic, payload, packet, settlement) => {
      try {
        observer.next(messageOf<T>(topic, payload, packet, settlement, codec ?? this.codec));
      } catch (error) {
        settlement?.decide(NACK); // what cannot be read was not taken
        observer.error(error);
      }
    };
    let left = false;
    const onClosed = (error: Error | undefined): void => (error ? observer.error(error) : observer.complete());
    this.link.connection.once('closed', onClosed);
    this.link.connection
      .open()
      .then(() => (left ? undefined : this.adHoc.add(request, listener)))
      .catch((error: unknown) => observer.error(error));
    return () => {
      left = true; // maybe before there was a connection to subscribe on
      this.link.connection.off('closed', onClosed);
      this.adHoc.remove(request.filter, listener);
    };
  }

  /** Whether the live connection answers within that time, in milliseconds. */
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

  /** Whether another client with the same Client Identifier has ended it. */
  get takenOver(): boolean {
    return isTakeover(this.link.connection.lastError);
  }

  connect(): Promise<void> {
    return this.link.connection.open();
  }

  /** Publishes an event, in the wire format of the options. Resolves when the QoS handshake is done. */
  emit({ pattern, topic, data, options }: RequestCall): Promise<void> {
    if (this.envelope === 'nest')
      return this.publish(topic, { pattern, data }, { ...options, codec: this.envelopeCodec });
    return this.publish(topic, data, options);
  }

  /** Connects if need be, and publishes. Resolves when the QoS handshake is done. */
  async publish(topic: string, data: unknown, options: Readonly<MqttRecordOptions>): Promise<void> {
    const message = this.composer.compose(topic, data, options);
    if (!this.link.connection.connected && !this.link.connection.offline) await this.link.connection.open();
    await this.link.publisher.publish(message);
  }

  async close(): Promise<void> {
    this.link.acknowledgement.stopAccepting();
    await this.link.connection.close();
  }

  /** A message may be for a listener and for a request: a filter that somebody listens to may take in an inbox. */
  private receive(topic: string, payload: Buffer, packet: PublishPacket, delivery: Delivery | undefined): void {
    const heard = this.adHoc.receive(topic, payload, packet, delivery);
    if (!heard) delivery?.decide(ACK);
    const awaited = this.requests.receive(topic, payload, packet);
    if (!heard && !awaited) this.requests.receiveLate(topic, packet);
  }
}

/** In Nest's envelope the packet is the value. */
function asItIs(packet: unknown): unknown {
  return packet;
}
