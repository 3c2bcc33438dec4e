import type { MqttRecordOptions } from '../records/mqtt-record.js';
import type { MqttReply } from './requests/mqtt-reply.js';

/** @internal */
export interface PublishingClient {
  publish(topic: string, data: unknown, options?: MqttRecordOptions): Promise<void>;
  request<T>(topic: string, data: unknown, options?: MqttRecordOptions): Promise<MqttReply<T>>;
}

/** Publishes to one topic, with default options that each call may override. */
export class MqttPublisher {
  constructor(
    /** @internal */
    readonly client: PublishingClient,
    readonly topic: string,
    /** Default options. */
    readonly defaults: Readonly<MqttRecordOptions>,
  ) {}

  /** Resolves when the QoS handshake is done. */
  publish(data: unknown, overrides?: MqttRecordOptions): Promise<void> {
    return this.client.publish(this.topic, data, { ...this.defaults, ...overrides });
  }

  /** Sends a request; see {@link ClientMqtt.request}. */
  request<T = unknown>(data: unknown, overrides?: MqttRecordOptions): Promise<MqttReply<T>> {
    return this.client.request<T>(this.topic, data, { ...this.defaults, ...overrides });
  }
}
