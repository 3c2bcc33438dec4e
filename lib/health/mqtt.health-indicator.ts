import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { MqttHealth } from '../observing/mqtt-health.js';

/** A `ServerMqtt` or a `ClientMqtt`. */
export interface HealthTarget {
  /** Undefined before the first use, and after `close()`. */
  health(): MqttHealth | undefined;
  /** Whether the broker answers a ping within the timeout, in milliseconds. */
  ping(timeout: number): Promise<boolean>;
}

/** Conditions for a healthy connection. */
export interface MqttHealthOptions {
  /** Maximum time in milliseconds for the broker to answer. Default 1_000. */
  timeout?: number;
  /** Maximum age of an unacknowledged message, in milliseconds: an older one shows that a handler hangs. Default: no limit. */
  maxUnsettledAge?: number;
  /**
   * Maximum number of withheld messages: when they fill the window (`health().window`), the broker stops delivering. Default: no limit.
   */
  maxWithheld?: number;
}

const DEFAULT_TIMEOUT_MS = 1_000;

/**
 * Health indicator for `@nestjs/terminus`: up while the broker answers and has granted every subscription, and the conditions of
 * {@link MqttHealthOptions} are met.
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
   * Checks the connection, and pings the broker.
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
