import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { MqttHealth } from '../observing/mqtt-health.js';

/** A `ServerMqtt` or a `ClientMqtt`. */
export interface HealthTarget {
  /** Undefined before it is first used, and after it was closed. */
  health(): MqttHealth | undefined;
  /** Whether the live connection answers within that time, in milliseconds. */
  ping(timeout: number): Promise<boolean>;
}

/** What counts as healthy. */
export interface MqttHealthOptions {
  /** Milliseconds that the broker is given to answer. Default 1_000. */
  timeout?: number;
  /** Milliseconds that a message may wait for its acknowledgement before something hangs. Default: no bound. */
  maxUnsettledAge?: number;
  /**
   * Messages that may be withheld at once: when they fill the broker's window (`health().window`), nothing is delivered any more.
   * Default: no bound.
   */
  maxWithheld?: number;
}

const DEFAULT_TIMEOUT_MS = 1_000;

/**
 * Health indicator for `@nestjs/terminus`: up while the broker answers, has granted every subscription, and no message waits too
 * long for its acknowledgement.
 *
 * @example
 * ```ts
 * @Controller('health')
 * export class HealthController {
 *   constructor(
 *     private readonly health: HealthCheckService,
 *     private readonly mqtt: MqttHealthIndicator,
 *     private readonly server: ServerMqtt,
 *   ) {}
 *
 *   @Get()
 *   @HealthCheck()
 *   check() {
 *     return this.health.check([() => this.mqtt.isHealthy('mqtt', this.server, { maxUnsettledAge: 60_000 })]);
 *   }
 * }
 * ```
 */
@Injectable()
export class MqttHealthIndicator {
  constructor(private readonly indicators: HealthIndicatorService) {}

  /**
   * Asks the connection, and the broker behind it.
   *
   * @param key name of the indicator in the result
   */
  async isHealthy<const Key extends string>(
    key: Key,
    target: HealthTarget,
    { timeout = DEFAULT_TIMEOUT_MS, ...bounds }: MqttHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const indicator = this.indicators.check(key);
    const alive = await target.ping(timeout);
    const health = target.health();
    if (!health) return indicator.down('not connected yet');
    const problem = problemOf(health, alive, bounds);
    return problem === undefined ? indicator.up({ ...health }) : indicator.down({ ...health, message: problem });
  }
}

function problemOf(
  { connected, subscriptions, oldestUnsettled = 0, withheld = 0 }: MqttHealth,
  alive: boolean,
  { maxUnsettledAge = Infinity, maxWithheld = Infinity }: MqttHealthOptions,
): string | undefined {
  if (!connected) return 'not connected';
  if (!alive) return 'the broker does not answer';
  const { wanted, granted } = subscriptions;
  if (granted < wanted) return `the broker has granted ${granted} of ${wanted} subscriptions`;
  if (withheld > maxWithheld) return `${withheld} messages are withheld`;
  return oldestUnsettled > maxUnsettledAge
    ? `a message has waited ${oldestUnsettled} ms for its acknowledgement`
    : undefined;
}
