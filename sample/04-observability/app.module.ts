import { Module, type DynamicModule } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { MqttModule } from 'nestjs-mqtt-transport';
import { mqttMetrics } from 'nestjs-mqtt-transport/metrics';
import { mqttTelemetry } from 'nestjs-mqtt-transport/otel';
import { HttpSpanInterceptor } from './http-span.interceptor.js';
import { ShopController } from './shop.controller.js';

@Module({})
export class AppModule {
  static of(url: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        MqttModule.forRoot({
          url,
          observers: [mqttTelemetry(), mqttMetrics()],
          topicTemplates: ['shop/{orderId}/price'],
        }),
      ],
      controllers: [ShopController],
      providers: [{ provide: APP_INTERCEPTOR, useClass: HttpSpanInterceptor }],
    };
  }
}
