import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { extendExtras, extrasOf, TOPIC_PARAMS } from '../routing/decorators/handler-extras.js';
import { MqttContext } from './mqtt.context.js';

/** Makes a decorator of a parameter: of a name, of pipes that the value goes through, or of neither. */
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
 * The value of a named capture, or with no name all of them. A name that none of the handler's patterns captures is refused when the
 * server starts.
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

/** The Topic Name that the message was published to. */
export const Topic: () => ParameterDecorator = createParamDecorator((_: unknown, context: ExecutionContext) =>
  contextOf(context).getTopic(),
);

/** The value of a User Property, or with no name all of them. A property that was given several times is an array. */
export const UserProperty: NamedParameterDecorator = createParamDecorator(
  (name: string | undefined, context: ExecutionContext) => {
    const { userProperties } = contextOf(context);
    return valueOf(userProperties, name);
  },
);

/** The named value, or all of them; what every object has is no value. */
function valueOf(values: Readonly<Record<string, unknown>>, name: string | undefined): unknown {
  if (name === undefined) return values;
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function contextOf(context: ExecutionContext): MqttContext {
  return context.switchToRpc().getContext<MqttContext>();
}
