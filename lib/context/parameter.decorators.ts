import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { extendExtras, extrasOf, TOPIC_PARAMS } from '../routing/decorators/handler-extras.js';
import { MqttContext } from './mqtt.context.js';

/** A parameter decorator with an optional name and optional pipes. */
export type NamedParameterDecorator = (
  ...nameOrPipes: (string | PipeTransform | Type<PipeTransform> | undefined)[]
) => ParameterDecorator;

const captured: NamedParameterDecorator = createParamDecorator(
  (name: string | undefined, context: ExecutionContext) => {
    const { params } = contextOf(context);
    return valueOf(params, name);
  },
);

/**
 * Injects the value of a named capture; without a name, all captures. The server does not start if none of the handler's patterns has a
 * capture of that name.
 *
 * @example
 * ```ts
 * @EventPattern('devices/{deviceId}/channels/{channel}')
 * reading(@TopicParam('deviceId') deviceId: string, @TopicParam('channel', ParseIntPipe) channel: number) {}
 * ```
 */
export const TopicParam: NamedParameterDecorator = (...nameOrPipes) => {
  const decorate = captured(...nameOrPipes);
  const [name] = nameOrPipes;
  return (target, key, index) => {
    decorate(target, key, index);
    const method = key === undefined ? undefined : (target as Record<PropertyKey, unknown>)[key];
    if (typeof name === 'string' && typeof method === 'function') {
      const others = (extrasOf(method)[TOPIC_PARAMS] ?? []) as string[];
      extendExtras(method, { [TOPIC_PARAMS]: [...others, name] }, target, key!);
    }
  };
};

/** Injects the Topic Name of the message. */
export const Topic: () => ParameterDecorator = createParamDecorator((_: unknown, context: ExecutionContext) =>
  contextOf(context).getTopic(),
);

/** Injects the value of a User Property; without a name, all of them. A repeated property is an array. */
export const UserProperty: NamedParameterDecorator = createParamDecorator(
  (name: string | undefined, context: ExecutionContext) => {
    const { userProperties } = contextOf(context);
    return valueOf(userProperties, name);
  },
);

/** The named value, or all of them. Only own properties count, so that `toString` is not a value. */
function valueOf(values: Readonly<Record<string, unknown>>, name: string | undefined): unknown {
  if (name === undefined) return values;
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function contextOf(context: ExecutionContext): MqttContext {
  return context.switchToRpc().getContext<MqttContext>();
}
