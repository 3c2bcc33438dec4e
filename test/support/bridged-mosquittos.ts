import { randomUUID } from 'node:crypto';
import { connectAsync, type MqttClient } from 'mqtt';
import { eventually } from './deadline.js';
import { MosquittoProcess } from './mosquitto-process.js';

/** Three brokers: two leaves, each with a bridge to the hub that passes everything on, both ways, at QoS 1. */
export interface BridgedMosquittos {
  readonly hub: MosquittoProcess;
  readonly east: MosquittoProcess;
  readonly west: MosquittoProcess;
  close(): Promise<void>;
}

const PROBE = 'probe';

export async function launchBridgedMosquittos(): Promise<BridgedMosquittos> {
  const hub = await MosquittoProcess.launch();
  const [east, west] = await Promise.all([launchLeaf('east', hub), launchLeaf('west', hub)]);
  const brokers = { hub, east, west };
  await bridged(Object.values(brokers));
  return { ...brokers, close: async () => void (await Promise.all([east.close(), west.close(), hub.close()])) };
}

/** Waits until what is published at one comes to all: of their bridges nothing tells when they are subscribed. */
export async function bridged(brokers: readonly MosquittoProcess[]): Promise<void> {
  const seen = new Set<string>();
  const clients: MqttClient[] = [];
  for (const [at, { url }] of brokers.entries()) {
    const client = await connectAsync(url, { protocolVersion: 5 });
    client.on('message', (_topic, payload) => void seen.add(`${payload.toString()} ${at}`));
    await client.subscribeAsync(`${PROBE}/#`);
    clients.push(client);
  }
  const run = randomUUID();
  const timer = setInterval(() => {
    for (const [from, client] of clients.entries()) client.publish(`${PROBE}/${run}`, `${from}`);
  }, 50);
  await eventually(() => seen.size === brokers.length ** 2, 'every broker passes on what is published at every other');
  clearInterval(timer);
  await Promise.all(clients.map((client) => client.endAsync()));
}

function launchLeaf(name: string, hub: MosquittoProcess): Promise<MosquittoProcess> {
  const { host } = new URL(hub.url);
  const config = [
    'connection hub',
    `address ${host}`,
    `remote_clientid ${name}`,
    'topic # both 1',
    'bridge_protocol_version mqttv50', // of the properties nothing is lost
    'cleansession false', // what comes while the hub is away waits
    'notifications false',
    'restart_timeout 1',
  ];
  return MosquittoProcess.launch({ config });
}
