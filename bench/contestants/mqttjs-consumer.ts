// Stock MQTT.js, which acknowledges by itself when its listener has returned.
import { playerParameters, tell } from '../harness/player.js';
import { rawClient } from '../harness/raw-client.js';
import { ReadingCounter, TOPIC, type ConsumerParameters, type Reading } from './consumer.js';

const { url, protocolVersion, clientId, qos, messages, window } = playerParameters<ConsumerParameters>();
const counter = new ReadingCounter(messages);

const session = { sessionExpiryInterval: 3_600, receiveMaximum: window };
const client = rawClient(url, {
  protocolVersion,
  clientId,
  clean: false,
  ...(protocolVersion === 5 && { properties: session }),
});
client.on('message', (_topic, payload) => counter.take(JSON.parse(payload.toString()) as Reading));
await client.subscribeAsync(TOPIC, { qos });
tell('ready');
