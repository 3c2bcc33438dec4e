import 'reflect-metadata';
import type { SchemaSource } from './schemas/json-schema.js';

/** Options of {@link MqttDoc}. */
export interface MqttDocOptions {
  /** One line about what the handler does. */
  summary?: string;
  /** Payload of the messages. Default: the schema given to `@Payload`, or the schema of the parameter's class. */
  payload?: SchemaSource;
  /** Payload of the reply and of messages that `@PublishTo` publishes. Default: the schema of the class that the method returns. */
  reply?: SchemaSource;
  /** Example payloads. */
  examples?: readonly unknown[];
  /** User Properties of the messages: a schema of an object. */
  headers?: SchemaSource;
  /** MIME type of the payload. Default: that of the codec. */
  contentType?: string;
  /** Leaves the handler out of the document, and the topics that it publishes to. Default false. */
  hide?: boolean;
}

const MQTT_DOC = 'nestjs-mqtt-transport:doc';

/**
 * Documents a handler beyond its patterns, options and types.
 *
 * @example
 * ```ts
 * @MqttDoc({ summary: 'Stores a reading', examples: [{ celsius: 21 }] })
 * @EventPattern('devices/{deviceId}/temperature')
 * temperature(@Payload() reading: Reading) {}
 * ```
 */
export function MqttDoc(options: MqttDocOptions): MethodDecorator {
  return (_target: object, _key: string | symbol, descriptor: PropertyDescriptor): void => {
    Reflect.defineMetadata(MQTT_DOC, { ...docOf(descriptor.value as object), ...options }, descriptor.value as object);
  };
}

export function docOf(method: object | undefined): MqttDocOptions {
  return (method && (Reflect.getMetadata(MQTT_DOC, method) as MqttDocOptions | undefined)) ?? {};
}
