import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MqttHealthIndicator } from 'nestjs-mqtt-transport/health';
import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [MqttHealthIndicator],
})
export class HealthModule {}
