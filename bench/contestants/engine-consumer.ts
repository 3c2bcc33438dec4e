// This transport without Nest's pipeline around the handler: what routing, order, concurrency and acknowledgement cost by themselves.
import { Logger } from '@nestjs/common';
import { ServerMqtt } from 'nestjs-mqtt-transport';
import { playerParameters, tell } from '../harness/player.js';
import { ReadingCounter, TOPIC, type ConsumerParameters, type Reading } from './consumer.js';

const { url, protocolVersion, clientId, qos, messages, window } = playerParameters<ConsumerParameters>();
Logger.overrideLogger(['error']);
const counter = new ReadingCounter(messages);

const server = new ServerMqtt({
  url,
  protocolVersion,
  clientId,
  clean: false,
  maxConcurrency: window,
  subscribeOptions: { qos },
  ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 3_600 } }),
});
server.addHandler(TOPIC, (reading: Reading) => Promise.resolve(counter.take(reading)), true);
await server.listen((error?: unknown) => {
  if (error) throw error as Error;
  tell('ready');
});
