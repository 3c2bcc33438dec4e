import { once } from 'node:events';
import type { Brokers } from './brokers.js';
import type { ServiceProcess } from './service-process.js';

/** Leaves the service running until Ctrl-C. */
export async function invite(brokers: Brokers, service: ServiceProcess): Promise<void> {
  const { port } = new URL(brokers.plantUrl);
  const reading = `{"id":"'$(uuidgen)'","celsius":21.5,"at":"'$(date -Is)'"}`;
  console.log(`
The service runs. In another shell:

  curl -N ${service.url}/devices/roof/feed
  mosquitto_pub -V mqttv5 -p ${port} -q 1 -t devices/roof/readings -m '${reading}'
  curl ${service.url}/devices/roof/readings/latest
  curl ${service.url}/health

Ctrl-C ends it.`);
  await once(process, 'SIGINT');
  await service.terminate();
}
