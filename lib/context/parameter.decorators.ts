import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { MqttContext } from './mqtt.context.js';

/**
 * The value of a named capture, or with no name all of them.
 *
 * @example
 * ```ts
 * @EventPattern('devices/{deviceId}/channels/{channel}')
 * reading(@TopicParam('deviceId') deviceId: string, @TopicParam('channel', ParseIntPipe) channel: number) {}
 * ```
 */
export const TopicParam = createParamDecorator((name: string | undefined, context: ExecutionContext) => {
  const { params } = contextOf(context);
  return valueOf(params, name);
});

/** The Topic Name that the message was published to. */
export const Topic = createParamDecorator((_: unknown, context: ExecutionContext) => contextOf(context).getTopic());

/** The value of a User Property, or with no name all of them. A property that was given several times is an array. */
export const UserProperty = createParamDecorator((name: string | undefined, context: ExecutionContext) => {
  const { userProperties } = contextOf(context);
  return valueOf(userProperties, name);
});

/** The named value, or all of them; what every object has is no value. */
function valueOf(values: Readonly<Record<string, unknown>>, name: string | undefined): unknown {
  if (name === undefined) return values;
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function contextOf(context: ExecutionContext): MqttContext {
  return context.switchToRpc().getContext<MqttContext>();
}
