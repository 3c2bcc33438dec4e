import { connect, type IClientOptions, type MqttClient, type OnMessageCallback } from 'mqtt';
import { ECHO, requestFilter, type ConnectOptions, type Contestant, type Reading } from './contestant.js';
import { PendingCalls } from './pending-calls.js';

/** What somebody would write by hand on MQTT.js: 5.0, one inbox, Correlation Data from a counter, subscriptions in batches. */
export function mqttjs({ noDelay }: { noDelay: boolean }): Contestant {
  const open = async (
    { url }: ConnectOptions,
    listener: OnMessageCallback = () => {},
    options: IClientOptions = {},
  ): Promise<MqttClient> => {
    const client = connect(url, { protocolVersion: 5, ...options });
    if (noDelay) (client.stream as unknown as { setNoDelay(): void }).setNoDelay();
    client.on('message', listener); // a session delivers at once
    await new Promise((resolve) => client.once('connect', resolve));
    return client;
  };
  return {
    async respond({ group, answer, ...options }) {
      const client = await open(options, (_topic, payload, { properties, qos }) => {
        const { responseTopic, correlationData } = properties!;
        const reply = JSON.stringify(answer(JSON.parse(payload.toString()) as Reading));
        client.publish(responseTopic!, reply, { qos, properties: { correlationData: correlationData! } });
      });
      await client.subscribeAsync(requestFilter(group), { qos: options.qos });
    },

    async requester(options) {
      const calls = new PendingCalls();
      const client = await open(options, (_topic, payload, { properties }) =>
        calls.settle(properties!.correlationData!, payload),
      );
      const inbox = `bench/inbox/${client.options.clientId}`;
      await client.subscribeAsync(inbox, { qos: options.qos });
      return {
        call: (request) =>
          new Promise((resolve) => {
            const properties = { responseTopic: inbox, correlationData: calls.open(resolve) };
            client.publish(ECHO, JSON.stringify(request), { qos: options.qos, properties });
          }),
      };
    },

    // no Receive Maximum: the broker has the window, and MQTT.js ends the connection when Mosquitto sends more QoS 2 than that
    async consume({ filter, clientId, ...options }, take) {
      const properties = { sessionExpiryInterval: 3_600 };
      const client = await open(
        options,
        (_topic, payload) => take(JSON.parse(payload.toString()) as Reading),
        clientId === undefined ? {} : { clientId, clean: false, properties },
      );
      await client.subscribeAsync(filter, { qos: options.qos });
    },

    async emitter(options) {
      const client = await open(options);
      return { emit: (topic, event) => client.publishAsync(topic, JSON.stringify(event), { qos: options.qos }) };
    },

    async start(options, filters) {
      const client = await open(options);
      const batches = Array.from({ length: Math.ceil(filters.length / BATCH) }, (_, i) => i * BATCH);
      await Promise.all(
        batches.map((at) => client.subscribeAsync(filters.slice(at, at + BATCH), { qos: options.qos })),
      );
    },
  };
}

/** Filters in one SUBSCRIBE. */
const BATCH = 500;
