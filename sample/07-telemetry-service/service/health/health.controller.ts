import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { InjectMqttServer, ServerMqtt } from 'nestjs-mqtt-transport';
import { MqttHealthIndicator } from 'nestjs-mqtt-transport/health';
import { CLOUD } from '../brokers.js';
import { Database } from '../database.js';

/** Probes of the container. */
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly mqtt: MqttHealthIndicator,
    private readonly plant: ServerMqtt,
    @InjectMqttServer(CLOUD) private readonly cloud: ServerMqtt,
    private readonly database: Database,
  ) {}

  /** Liveness: the process responds. A broker that is down is no reason to restart it. */
  @Get('alive')
  alive(): string {
    return 'yes';
  }

  /** Readiness: the brokers and the database respond. */
  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.mqtt.isHealthy('plant', this.plant, { maxUnsettledAge: 60_000 }),
      () => this.mqtt.isHealthy('cloud', this.cloud),
      () => this.databaseIsHealthy(),
    ]);
  }

  private databaseIsHealthy(): HealthIndicatorResult {
    this.database.all('select 1');
    return this.indicators.check('database').up();
  }
}
