import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { MqttSubscription, type MqttSubscriptionOptions } from '../../lib/index.js';
import type { Journal } from './journal.js';

/** One handler for each filter, which writes down the filter and what it got. */
export function handlersOf(
  runs: Journal<string>,
  filters: readonly string[],
  options: MqttSubscriptionOptions,
): (new () => object)[] {
  return filters.map((filter) => {
    @Controller()
    @MqttSubscription(options)
    class Handler {
      @EventPattern<string>(filter)
      handle(@Payload() data: unknown): void {
        runs.add(`${filter} ${String(data)}`);
      }
    }

    return Handler;
  });
}
