// What `npx nestjs-mqtt-transport asyncapi dist/document.js` describes; none of the optional packages is installed.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { MqttModule } from 'nestjs-mqtt-transport';
import { MqttDoc } from 'nestjs-mqtt-transport/asyncapi';

@Controller()
class ReadingsController {
  @MqttDoc({ payload: { type: 'number' } })
  @EventPattern<string>('devices/{deviceId}/celsius', { qos: 1 })
  celsius(): void {}
}

@Module({ imports: [MqttModule.forRoot({ url: 'mqtt://nobody.example.org' })], controllers: [ReadingsController] })
export class AppModule {}
