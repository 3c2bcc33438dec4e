import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDevices } from '../world/devices.js';
import { eventsOf } from '../world/feed.js';
import { reading } from '../world/reading.js';
import { subscribed } from '../world/subscribed.js';
import { startService, type ServiceFixture } from './service.fixture.js';

describe('devices over HTTP', () => {
  let service: ServiceFixture;

  beforeAll(async () => {
    service = await startService();
    await startDevices(service.device, service.brokers.plant);
  });
  afterAll(() => service.close());

  it('returns the reply of a device over MQTT', async () => {
    const response = await fetch(`${service.url}/devices/boiler/state`);

    expect(await response.json()).toEqual({ on: true });
  });

  it.each([
    ['mute', 504, 'receives the request and does not reply'],
    ['nobody', 404, 'does not exist'],
    ['+', 400, 'is a wildcard'],
  ])('GET /devices/%s/state is %i: the device %s', async (device, status) => {
    const response = await fetch(`${service.url}/devices/${device}/state`);

    expect(response.status).toBe(status);
  });

  it('is 404 when a device has not reported', async () => {
    const response = await fetch(`${service.url}/devices/nobody/readings/latest`);

    expect(response.status).toBe(404);
  });

  it('streams readings as Server-Sent Events, and unsubscribes when the browser disconnects', async () => {
    const { plant } = service.brokers;
    const browser = new AbortController();
    const open = subscribed(plant, 'devices/roof/readings');
    const event = eventsOf(`${service.url}/devices/roof/feed`, browser.signal).next();
    await open;
    const sent = reading(21.5);
    await service.device.publish('devices/roof/readings', sent, { qos: 1 });
    expect((await event).value).toEqual(sent);

    const unsubscribed = plant.waitFor('unsubscribe', ({ filters }) => filters.includes('devices/roof/readings'));
    browser.abort();
    await unsubscribed;
  });
});
