import { ClientMqtt, ServerMqtt, type MqttServerOptions } from 'nestjs-mqtt-transport';
import { firstValueFrom } from 'rxjs';
import { ECHO, type Contestant, type Reading } from './contestant.js';
import { consumer, listen, responder } from './nest-application.js';

/** This transport: a Nest microservice with controllers, and Nest's client. */
export function transport(protocolVersion: 4 | 5): Contestant {
  return {
    async respond({ url, qos, group, answer }) {
      const strategy = new ServerMqtt({ url, protocolVersion, subscribeOptions: { qos, shared: group ?? false } });
      await listen(responder(ECHO, answer), { strategy });
    },

    async requester({ url, qos }) {
      const client = new ClientMqtt({ url, protocolVersion, publishOptions: { qos } });
      await client.connect();
      return { call: (request) => firstValueFrom(client.send<Reading>(ECHO, request)) };
    },

    async consume({ url, qos, filter, clientId, window, watched, inspector }, take) {
      const observers = watched && (await import('./watching.js')).observersFor(watched);
      const session = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 3_600 } } : {};
      const options: MqttServerOptions = {
        url,
        protocolVersion,
        maxConcurrency: window,
        subscribeOptions: { qos },
        ...(observers && { observers }),
        ...(clientId !== undefined && { clientId, clean: false, ...session }),
      };
      if (inspector !== undefined)
        return (await import('./inspected.js')).serveInspected(consumer(filter, take), options, inspector);
      await listen(consumer(filter, take), { strategy: new ServerMqtt(options) });
      return undefined;
    },

    async emitter({ url, qos }) {
      const client = new ClientMqtt({ url, protocolVersion, publishOptions: { qos } });
      await client.connect();
      return { emit: (topic, event) => firstValueFrom(client.emit(topic, event), { defaultValue: undefined }) };
    },

    async start({ url, qos }, filters) {
      const server = new ServerMqtt({ url, protocolVersion, subscribeOptions: { qos } });
      for (const filter of filters) server.addHandler(filter, () => Promise.resolve(), true);
      await new Promise<void>((resolve, reject) => {
        void server.listen((error?: unknown) =>
          error ? reject(new Error('It cannot listen', { cause: error })) : resolve(),
        );
      });
    },
  };
}
