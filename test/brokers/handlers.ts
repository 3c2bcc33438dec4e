import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { MqttContext, MqttSubscriptionOptions } from '../../lib/index.js';

type Handle = (data: unknown, context: MqttContext) => unknown;

/** A controller with one event handler. */
export function onEvent(
  pattern: string | string[],
  handle: Handle,
  options: MqttSubscriptionOptions = {},
): new () => object {
  @Controller()
  class Events {
    @EventPattern<string | string[]>(pattern, options)
    handle(@Payload() data: unknown, @Ctx() context: MqttContext): unknown {
      return handle(data, context);
    }
  }

  return Events;
}

/** A controller with one request handler. */
export function onRequest(pattern: string, handle: Handle, options: MqttSubscriptionOptions = {}): new () => object {
  @Controller()
  class Requests {
    @MessagePattern<string>(pattern, options)
    handle(@Payload() data: unknown, @Ctx() context: MqttContext): unknown {
      return handle(data, context);
    }
  }

  return Requests;
}
