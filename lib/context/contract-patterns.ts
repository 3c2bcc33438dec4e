import { EventPattern, MessagePattern, type MsPattern, type Transport } from '@nestjs/microservices';
import { transformPatternToRoute } from '@nestjs/microservices/utils/transform-pattern.utils.js';
import type { Observable } from 'rxjs';
import type { MqttSubscriptionOptions } from '../options/subscription-options.js';
import type { EventOf, EventTopic, ReplyOf, RequestOf, RequestTopic } from '../protocol/topic-contract.js';
import type { MqttResponse } from '../records/mqtt-response.js';
import { extrasOf, placeOf, recordDeclaration } from '../routing/decorators/handler-extras.js';
import { topicOfHandler } from '../routing/handler-pattern.js';

/** What a handler may return for a value: the value, a response around it, a promise or an observable of either. */
export type HandlerResult<T> = T | MqttResponse<T> | Promise<T | MqttResponse<T>> | Observable<T | MqttResponse<T>>;

/** A handler that a contract allows for a request: its first parameter is the payload. */
export type ContractRequestHandler<Topics, K extends RequestTopic<Topics>> = (
  data: RequestOf<Topics, K>,
  ...rest: never[]
) => HandlerResult<ReplyOf<Topics, K>>;

/** A handler that a contract allows for an event: its first parameter is the payload. */
export type ContractEventHandler<Topics, K extends EventTopic<Topics>> = (
  data: EventOf<Topics, K>,
  ...rest: never[]
) => unknown;

/** Decorates methods of one type only. */
export type HandlerDecorator<Handler> = <Method extends Handler>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * What follows the pattern: options, and before them, where there are several brokers, the one at which it is served: `Transport.MQTT`
 * for the unnamed broker, `getMqttTransportId(name)` for a named one.
 */
export type PatternOptions =
  [options?: MqttSubscriptionOptions] | [transport: Transport | symbol, options?: MqttSubscriptionOptions];

/** Nest's pattern decorators, for the topics of a contract and the handlers that it allows. */
export interface ContractPatterns<Topics> {
  /** Nest's `@MessagePattern`. */
  readonly MessagePattern: <K extends RequestTopic<Topics>>(
    topic: K,
    ...options: PatternOptions
  ) => HandlerDecorator<ContractRequestHandler<Topics, K>>;
  /** Nest's `@EventPattern`. */
  readonly EventPattern: <K extends EventTopic<Topics>>(
    topic: K,
    ...options: PatternOptions
  ) => HandlerDecorator<ContractEventHandler<Topics, K>>;
}

/** Nest's pattern decorators, with options that are checked when they are compiled. */
export interface TypedPatterns {
  /** Nest's `@MessagePattern`. */
  readonly MessagePattern: (pattern: MsPattern | readonly MsPattern[], ...options: PatternOptions) => MethodDecorator;
  /** Nest's `@EventPattern`. */
  readonly EventPattern: (pattern: MsPattern | readonly MsPattern[], ...options: PatternOptions) => MethodDecorator;
}

/**
 * Nest's own `@MessagePattern` and `@EventPattern`, with options that are checked when they are compiled: Nest takes any extras. Handlers
 * may have any parameters, where Nest 12 accepts exactly one typed one of an event. At run time they also name class and method in errors.
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
 * Nest's own `@MessagePattern` and `@EventPattern`, with handlers checked against a contract when they are compiled. At run time they
 * also name class and method in errors.
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
  return { MessagePattern: named(MessagePattern), EventPattern: named(EventPattern) };
}

/** Nest's decorator, which also records class and method for errors, and refuses what cannot be a pattern: a Symbol fails within Nest. */
function named(decoratorOf: (...given: never[]) => MethodDecorator): TypedPatterns['EventPattern'] {
  return (pattern, ...options) => {
    const decorate = decoratorOf(...([pattern, ...options] as never[]));
    return (target, key, descriptor) => {
      decorate(target, key, descriptor);
      const method = descriptor.value as object;
      recordDeclaration(method, target, String(key));
      for (const one of [pattern].flat()) topicOfHandler(one, transformPatternToRoute, placeOf(extrasOf(method)));
    };
  };
}
