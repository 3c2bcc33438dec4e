// The entry points that have optional peers, over HTTP: whatever they read from a file is in the package.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, type MicroserviceOptions } from '@nestjs/microservices';
import { HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { ClientMqtt, MqttModule, ServerMqtt } from 'nestjs-mqtt-transport';
import { MqttAsyncApi } from 'nestjs-mqtt-transport/asyncapi';
import { MqttHealthIndicator } from 'nestjs-mqtt-transport/health';
import { MqttInspectorModule } from 'nestjs-mqtt-transport/inspector';
import { mqttMetrics } from 'nestjs-mqtt-transport/metrics';
import { mqttTelemetry } from 'nestjs-mqtt-transport/otel';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { register } from 'prom-client';

const broker = new MqttBroker();
const url = await broker.listen();

@Controller()
class AppController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicator: MqttHealthIndicator,
    private readonly server: ServerMqtt,
  ) {}

  @EventPattern<string>('readings', { qos: 1 })
  reading(): void {}

  @Get('health')
  health(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.indicator.isHealthy('mqtt', this.server)]);
  }

  @Get('metrics')
  metrics(): Promise<string> {
    return register.metrics();
  }
}

@Module({
  imports: [
    TerminusModule,
    MqttModule.forRoot({ url, observers: [mqttMetrics(), mqttTelemetry()] }),
    MqttInspectorModule.forRoot({ path: 'inspector' }),
  ],
  controllers: [AppController],
  providers: [MqttHealthIndicator],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
const document = await MqttAsyncApi.createDocument(app, { title: 'Readings', version: '1.0.0' });
await MqttAsyncApi.setup('asyncapi', app, document);
await app.startAllMicroservices();
await app.listen(0);

const handled = broker.waitFor('acknowledge');
await app.get(ClientMqtt).publish('readings', 21.5, { qos: 1 });
await handled;

const { port } = app.getHttpServer().address() as { port: number };
const pages = {
  health: '"status":"ok"',
  metrics: 'handler="readings"',
  inspector: '<!doctype html>',
  asyncapi: '<!doctype html>',
  'asyncapi/page.js': '',
  'asyncapi/component.js': '',
  'asyncapi/asyncapi.yaml': 'title: Readings',
};
for (const [path, expected] of Object.entries(pages)) {
  const response = await fetch(`http://localhost:${port}/${path}`);
  assert.equal(response.status, 200, path);
  const text = await response.text();
  assert.ok(text.length > 0 && text.toLowerCase().includes(expected.toLowerCase()), `${path}: ${text.slice(0, 500)}`);
}

await app.close();
await broker.close();
console.log('Nest 12 with every optional peer: passed');
