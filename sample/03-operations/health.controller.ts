import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { ClientMqtt, InjectMqttServer, ServerMqtt } from 'nestjs-mqtt-transport';
import { MqttHealthIndicator } from 'nestjs-mqtt-transport/health';

/** For load balancers and orchestrators: 200 while both brokers answer, else 503 with the reason. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly mqtt: MqttHealthIndicator,
    @InjectMqttServer('plant') private readonly plant: ServerMqtt,
    private readonly office: ClientMqtt,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.mqtt.isHealthy('plant', this.plant, { maxUnsettledAge: 30_000 }),
      () => this.mqtt.isHealthy('office', this.office),
    ]);
  }
}
