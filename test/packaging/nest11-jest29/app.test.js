// The oldest Nest that is supported; plain CommonJS under jest 29 as it comes: no configuration, no flags, no transform of packages.
const { NestFactory } = require('@nestjs/core');
const { Controller, Module } = require('@nestjs/common');
const { MessagePattern, Server } = require('@nestjs/microservices');
const { ClientMqtt, ServerMqtt } = require('nestjs-mqtt-transport');
const { MqttBroker } = require('nestjs-mqtt-transport/testing');
const { firstValueFrom } = require('rxjs');

class EchoController {
  echo(data) {
    return data;
  }
}
Controller()(EchoController);
MessagePattern('echo')(
  EchoController.prototype,
  'echo',
  Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo'),
);

class AppModule {}
Module({ controllers: [EchoController] })(AppModule);

const closing = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
});

test('a microservice answers over the in-process broker', async () => {
  const broker = new MqttBroker();
  closing.push(broker);
  const url = await broker.listen();
  const strategy = new ServerMqtt({ url });
  expect(strategy).toBeInstanceOf(Server);
  const app = await NestFactory.createMicroservice(AppModule, { strategy, logger: ['error', 'warn'] });
  closing.push(app);
  await app.listen();
  const client = new ClientMqtt({ url, requestTimeout: 2_000 });
  closing.push(client);

  await expect(firstValueFrom(client.send('echo', { n: 1 }))).resolves.toEqual({ n: 1 });
});
