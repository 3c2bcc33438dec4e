import { EventPattern, MessagePattern, type MsPattern, type Transport } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import type { MqttSubscriptionOptions } from '../options/subscription-options.js';
import type { EventOf, EventTopic, ReplyOf, RequestOf, RequestTopic } from '../protocol/topic-contract.js';
import type { MqttResponse } from '../records/mqtt-response.js';

/** Return type of a handler: the value, an `MqttResponse` of it, or a promise or an observable of either. */
export type HandlerResult<T> = T | MqttResponse<T> | Promise<T | MqttResponse<T>> | Observable<T | MqttResponse<T>>;

/** A request handler of a contract. Its first parameter is the payload. */
export type ContractRequestHandler<Topics, K extends RequestTopic<Topics>> = (
  data: RequestOf<Topics, K>,
  ...rest: never[]
) => HandlerResult<ReplyOf<Topics, K>>;

/** An event handler of a contract. Its first parameter is the payload. */
export type ContractEventHandler<Topics, K extends EventTopic<Topics>> = (
  data: EventOf<Topics, K>,
  ...rest: never[]
) => unknown;

/** A decorator for methods of one type. */
export type HandlerDecorator<Handler> = <Method extends Handler>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** Nest's pattern decorators, typed by a contract. */
export interface ContractPatterns<Topics> {
  /** Nest's `@MessagePattern`. */
  readonly MessagePattern: {
    <K extends RequestTopic<Topics>>(
      topic: K,
      options?: MqttSubscriptionOptions,
    ): HandlerDecorator<ContractRequestHandler<Topics, K>>;
    /** @param transport of the broker at which it is served: `Transport.MQTT`, or `getMqttTransportId(name)` */
    <K extends RequestTopic<Topics>>(
      topic: K,
      transport: Transport | symbol,
      options?: MqttSubscriptionOptions,
    ): HandlerDecorator<ContractRequestHandler<Topics, K>>;
  };
  /** Nest's `@EventPattern`. */
  readonly EventPattern: {
    <K extends EventTopic<Topics>>(
      topic: K,
      options?: MqttSubscriptionOptions,
    ): HandlerDecorator<ContractEventHandler<Topics, K>>;
    /** @param transport of the broker at which it is served: `Transport.MQTT`, or `getMqttTransportId(name)` */
    <K extends EventTopic<Topics>>(
      topic: K,
      transport: Transport | symbol,
      options?: MqttSubscriptionOptions,
    ): HandlerDecorator<ContractEventHandler<Topics, K>>;
  };
}

/** One of Nest's pattern decorators, with options that are checked when they are compiled. */
export interface TypedPattern {
  (pattern: MsPattern | readonly MsPattern[], options?: MqttSubscriptionOptions): MethodDecorator;
  /** @param transport of the broker at which it is served: `Transport.MQTT`, or `getMqttTransportId(name)` */
  (
    pattern: MsPattern | readonly MsPattern[],
    transport: Transport | symbol,
    options?: MqttSubscriptionOptions,
  ): MethodDecorator;
}

/** Nest's pattern decorators, with typed options. */
export interface TypedPatterns {
  /** Nest's `@MessagePattern`. */
  readonly MessagePattern: TypedPattern;
  /** Nest's `@EventPattern`. */
  readonly EventPattern: TypedPattern;
}

/**
 * Nest's own `@MessagePattern` and `@EventPattern` with typed options: Nest accepts any extras. Handlers may have any parameters, without
 * the type argument that Nest 12 requires. No difference at run time.
 *
 * @example
 * ```ts
 * const { EventPattern } = patternsOf();
 *
 * @Controller()
 * export class DevicesController {
 *   @EventPattern('devices/{deviceId}/temperature', { qos: 1 }) // { qoss: 1 } does not compile
 *   temperature(@TopicParam('deviceId') deviceId: string, @Payload() celsius: number) {}
 * }
 * ```
 */
export function patternsOf(): TypedPatterns;
/**
 * Nest's own `@MessagePattern` and `@EventPattern`, with handlers that TypeScript checks against a contract. No difference at run time.
 *
 * @example
 * ```ts
 * interface Topics {
 *   'rpc/sum': { request: number[]; reply: number };
 *   [topic: `devices/${string}/temperature`]: { event: number };
 * }
 * const { MessagePattern, EventPattern } = patternsOf<Topics>();
 *
 * @Controller()
 * export class MathController {
 *   @MessagePattern('rpc/sum')
 *   sum(@Payload() numbers: number[]): number { // another payload or reply does not compile
 *     return numbers.reduce((a, b) => a + b, 0);
 *   }
 *
 *   @EventPattern('devices/{deviceId}/temperature', { qos: 1 })
 *   temperature(@Payload() celsius: number, @TopicParam('deviceId') deviceId: string) {}
 * }
 * ```
 */
export function patternsOf<Topics>(): ContractPatterns<Topics>;
export function patternsOf(): TypedPatterns {
  return { MessagePattern, EventPattern };
}
