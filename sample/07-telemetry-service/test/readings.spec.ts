import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RemoteError, type MqttMessage } from 'nestjs-mqtt-transport';
import { firstValueFrom } from 'rxjs';
import { Database } from '../service/database.js';
import { reading } from '../world/reading.js';
import { subscribed } from '../world/subscribed.js';
import { startService, type ServiceFixture } from './service.fixture.js';

describe('readings', () => {
  let service: ServiceFixture;

  beforeAll(async () => {
    service = await startService();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => service.close());

  /** Publishes a reading; resolves when the service has acknowledged it. */
  async function report(device: string, payload: unknown): Promise<void> {
    const topic = `devices/${device}/readings`;
    const handled = service.brokers.plant.waitFor('acknowledge', ({ message }) => message.topic === topic);
    await service.device.publish(topic, payload, { qos: 1 });
    await handled;
  }

  /** Subscribes to a topic. @returns its next message */
  async function listen(topic: string): Promise<{ message: Promise<MqttMessage> }> {
    const heard = subscribed(service.brokers.plant, topic);
    const message = firstValueFrom(service.device.messages(topic, { qos: 1 }));
    await heard;
    return { message };
  }

  it('stores a duplicate reading once', async () => {
    const twice = reading(21.5);
    await report('roof', twice);
    await report('roof', twice);

    const rows = service.app.get(Database).all('select celsius from readings where device = ?', ['roof']);
    expect(rows).toEqual([{ celsius: 21.5 }]);
  });

  it('sends an invalid reading to the dead letters, with the reason', async () => {
    const letter = await listen('dead/cellar/readings');
    await report('cellar', { ...reading(21.5), celsius: 'warm' });

    const { data, userProperties } = await letter.message;
    expect(data).toMatchObject({ celsius: 'warm' });
    expect(Object.values(userProperties).join()).toContain('celsius must be a number');
  });

  it('retries when the database fails', async () => {
    jest.spyOn(service.app.get(Database), 'runAll').mockImplementationOnce(() => {
      throw new Error('db is down');
    });
    await report('attic', reading(18));

    const { data } = await service.headOffice.request('sites/north/readings/latest', 'attic');
    expect(data).toMatchObject({ device: 'attic', celsius: 18 });
  });

  it('forwards an alarm to head office, over TLS', async () => {
    const heard = subscribed(service.brokers.cloud, 'sites/north/alarms/+');
    const alarm = firstValueFrom(service.headOffice.messages('sites/north/alarms/+', { qos: 1 }));
    await heard;
    await report('oven', reading(95));

    expect(await alarm).toMatchObject({ topic: 'sites/north/alarms/oven', data: { celsius: 95 } });
  });

  it('tells head office that a device has not reported', async () => {
    const failure: unknown = await service.headOffice
      .request('sites/north/readings/latest', 'nobody')
      .catch((e: unknown) => e);

    expect(failure).toBeInstanceOf(RemoteError);
    expect(failure).toMatchObject({ data: { statusCode: 404, message: 'nobody has not reported' } });
  });
});
