import { RemoteError, type ClientMqtt } from 'nestjs-mqtt-transport';
import { firstValueFrom, take, toArray } from 'rxjs';
import type { Brokers } from './brokers.js';
import { check } from './checks.js';
import { startDevices } from './devices.js';
import { eventsOf } from './feed.js';
import { reading } from './reading.js';
import { subscribed } from './subscribed.js';

/** Shows the features of the service and its responses to errors. */
export async function tour(brokers: Brokers, url: string): Promise<void> {
  const device = brokers.device();
  const headOffice = brokers.headOffice();
  await startDevices(device, brokers.plant);
  await overHttp(url);
  await hotReading(brokers, device, headOffice, url);
  await invalidReading(brokers, device);
  await fromHeadOffice(headOffice);
  await Promise.all([device.close(), headOffice.close()]);
}

async function overHttp(url: string): Promise<void> {
  check('GET /health: both brokers and the database are up', await statusOf(`${url}/health`), 200);
  const state = await fetch(`${url}/devices/boiler/state`);
  check('GET /devices/boiler/state: the boiler replies over MQTT', await state.json(), { on: true });
  check('GET /devices/mute/state: 504, the device does not reply', await statusOf(`${url}/devices/mute/state`), 504);
  check(
    'GET /devices/nobody/state: 404, the device does not exist',
    await statusOf(`${url}/devices/nobody/state`),
    404,
  );
  check('GET /devices/+/state: 400, invalid name', await statusOf(`${url}/devices/+/state`), 400);
}

async function hotReading(brokers: Brokers, device: ClientMqtt, headOffice: ClientMqtt, url: string): Promise<void> {
  const feedIsOpen = subscribed(brokers.plant, 'devices/oven/readings');
  const alarmsSubscribed = subscribed(brokers.cloud, 'sites/north/alarms/+');
  const browser = new AbortController();
  const event = eventsOf(`${url}/devices/oven/feed`, browser.signal).next();
  const alarm = firstValueFrom(headOffice.messages('sites/north/alarms/+', { qos: 1 }));
  await Promise.all([feedIsOpen, alarmsSubscribed]);

  const hot = reading(95);
  await device.publish('devices/oven/readings', hot, { qos: 1 });
  check('GET /devices/oven/feed: the live reading', (await event).value, hot);
  check('head office receives the alarm over TLS', (await alarm).data, hot);
  browser.abort();
}

async function invalidReading(brokers: Brokers, device: ClientMqtt): Promise<void> {
  const lettersSubscribed = subscribed(brokers.plant, 'dead/oven/+');
  const letters = firstValueFrom(device.messages('dead/oven/+', { qos: 1 }).pipe(take(2), toArray()));
  await lettersSubscribed;
  await device.publish('devices/oven/readings', { ...reading(20), celsius: 'warm' }, { qos: 1 });
  const topics = (await letters).map(({ topic }) => topic).toSorted();
  check('an invalid reading is a dead letter of each handler', topics, ['dead/oven/alarms', 'dead/oven/readings']);
}

async function fromHeadOffice(headOffice: ClientMqtt): Promise<void> {
  const { data } = await headOffice.request<{ celsius: number }>('sites/north/readings/latest', 'oven');
  check('head office requests the latest reading', data.celsius, 95);
  const refusal: unknown = await headOffice
    .request('sites/north/readings/latest', 'none')
    .catch((error: unknown) => error);
  const refused: unknown = refusal instanceof RemoteError ? refusal.data : refusal;
  check('head office gets 404 for an unknown device', refused, { statusCode: 404, message: 'none has not reported' });
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}
