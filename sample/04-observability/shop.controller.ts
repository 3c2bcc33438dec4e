import { Controller, Get, Header, Param } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ClientMqtt, MqttSubscription, patternsOf, PublishTo, TopicParam } from 'nestjs-mqtt-transport';
import { register } from 'prom-client';

const { EventPattern, MessagePattern } = patternsOf();

export interface Price {
  readonly orderId: string;
  readonly euros: number;
}

/** An HTTP request gets a price over MQTT; the price is published as an event, whose handler fails. */
@Controller()
@MqttSubscription({ qos: 1 })
export class ShopController {
  constructor(private readonly client: ClientMqtt) {}

  @Get('orders/:orderId/price')
  async price(@Param('orderId') orderId: string): Promise<Price> {
    const { data } = await this.client.request<Price>(`shop/${orderId}/price`, {});
    return data;
  }

  @Get('metrics')
  @Header('Content-Type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }

  @PublishTo('shop/{orderId}/priced', { qos: 1 })
  @MessagePattern('shop/{orderId}/price')
  makePrice(@TopicParam('orderId') orderId: string): Price {
    return { orderId, euros: 7 };
  }

  @MqttSubscription({ retry: { attempts: 2, delay: 10 }, deadLetter: 'shop/failed' })
  @EventPattern('shop/{orderId}/priced')
  book(@TopicParam('orderId') orderId: string, @Payload() { euros }: Price): void {
    throw new Error(`cannot book ${euros} euros of order ${orderId}: the ledger is closed`);
  }

  /** Receives dead letters. */
  @EventPattern('shop/failed')
  lookAfter(): void {}
}
