import { ClientProxy, ClientsModule, MicroserviceOptions, Server } from '@nestjs/microservices';
import { INestMicroservice } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClientMqtt, ServerMqtt } from 'nestjs-mqtt-transport';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { firstValueFrom } from 'rxjs';
import { GreetingController } from './greeting.controller';

describe('GreetingController', () => {
  const broker = new MqttBroker();
  let app: INestMicroservice;

  beforeAll(async () => {
    const url = await broker.listen();
    const module = await Test.createTestingModule({
      imports: [ClientsModule.register([{ name: 'GREETINGS', customClass: ClientMqtt, options: { url } }])],
      controllers: [GreetingController],
    }).compile();
    app = module.createNestMicroservice<MicroserviceOptions>({ strategy: new ServerMqtt({ url }) });
    await app.listen();
  });

  afterAll(async () => {
    await app.close();
    await broker.close();
  });

  it('answers over the in-process broker', async () => {
    const client = app.get<ClientProxy>('GREETINGS');
    await expect(firstValueFrom(client.send<string>('greet/en', 'Ada'))).resolves.toBe('en Ada greet/en true');
  });

  it('extends the classes of the Nest that the application has', () => {
    expect(new ServerMqtt({})).toBeInstanceOf(Server);
    expect(new ClientMqtt({})).toBeInstanceOf(ClientProxy);
  });
});
