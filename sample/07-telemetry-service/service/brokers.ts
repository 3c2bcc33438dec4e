import { readFile } from 'node:fs/promises';
import { MqttModule } from 'nestjs-mqtt-transport';
import { Settings } from './settings.js';

/** Name of the second broker; the plant's broker is unnamed. */
export const CLOUD = 'cloud';

/** Devices report here. Their messages wait in the session while the service is stopped. */
export const plantBroker = MqttModule.forRootAsync({
  isGlobal: true,
  inject: [Settings],
  useFactory: (settings: Settings) => ({
    url: settings.plantUrl,
    clientId: settings.instance,
    clean: false,
    properties: { sessionExpiryInterval: 3_600 },
    subscribeOptions: { qos: 1 },
    requestTimeout: settings.deviceTimeout,
  }),
});

/** Head office, over TLS. The service starts without it: `waitForBroker` is false. */
export const cloudBroker = MqttModule.forRootAsync({
  name: CLOUD,
  isGlobal: true,
  inject: [Settings],
  useFactory: async (settings: Settings) => ({
    url: settings.cloudUrl,
    ca: await readFile(settings.cloudCa),
    credentials: async () => ({ username: settings.site, password: await readFile(settings.cloudPassword, 'utf8') }),
    clientId: `${settings.site}-${settings.instance}`,
    subscribeOptions: { qos: 1, prefix: `sites/${settings.site}/` },
    waitForBroker: false,
  }),
});
