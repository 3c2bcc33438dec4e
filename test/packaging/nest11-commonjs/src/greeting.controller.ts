import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { MqttContext, TopicParam } from 'nestjs-mqtt-transport';

@Controller()
export class GreetingController {
  @MessagePattern('greet/{language}')
  greet(@TopicParam('language') language: string, @Payload() name: string, @Ctx() context: MqttContext): string {
    return `${language} ${name} ${context.getTopic()} ${context instanceof MqttContext}`;
  }
}
