import type { AnyTopics, EventOf, ReplyOf, RequestOf, WithoutContract } from '../protocol/topic-contract.js';
import { withOverrides } from '../records/check-record-options.js';
import type { MqttRecordOptions, Sendable } from '../records/mqtt-record.js';
import type { MqttReply } from './requests/mqtt-reply.js';

/** @internal */
export interface PublishingClient {
  publish(topic: string, data: unknown, options?: MqttRecordOptions): Promise<void>;
  request<T>(topic: string, data: unknown, options?: MqttRecordOptions): Promise<MqttReply<T>>;
}

/**
 * Publishes to one topic, with defaults that each call may override.
 *
 * @typeParam Topic what the contract of the client says of the topic, for example `Topics['alarms']`; without a contract it takes everything
 */
export class MqttPublisher<Topic = AnyTopics> {
  constructor(
    /** @internal */
    readonly client: PublishingClient,
    readonly topic: string,
    /** Default options. */
    readonly defaults: Readonly<MqttRecordOptions>,
  ) {}

  /** Resolves when the QoS handshake is done. */
  publish(data: Sendable<EventOf<[Topic], 0>>, overrides?: MqttRecordOptions): Promise<void>;
  publish(data: WithoutContract<Topic, unknown>, overrides?: MqttRecordOptions): Promise<void>;
  async publish(data: unknown, overrides?: MqttRecordOptions): Promise<void> {
    await this.client.publish(this.topic, data, withOverrides(this.topic, this.defaults, overrides));
  }

  /** Request and one reply; see {@link ClientMqtt.request}. */
  request(
    data: Sendable<RequestOf<[Topic], 0>>,
    overrides?: MqttRecordOptions,
  ): Promise<MqttReply<ReplyOf<[Topic], 0>>>;
  request<T = unknown>(data: WithoutContract<Topic, unknown>, overrides?: MqttRecordOptions): Promise<MqttReply<T>>;
  async request<T>(data: unknown, overrides?: MqttRecordOptions): Promise<MqttReply<T>> {
    return this.client.request<T>(this.topic, data, withOverrides(this.topic, this.defaults, overrides));
  }
}
