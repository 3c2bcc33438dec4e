import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reading } from '../world/reading.js';
import { startService, type ServiceFixture } from './service.fixture.js';

describe('readings', () => {
  let service: ServiceFixture;

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  it('are acknowledged when they are stored', async () => {
    const topic = 'devices/roof/readings';
    const stored = service.brokers.plant.waitFor('acknowledge', ({ message }) => message.topic === topic);
    await service.device.publish(topic, reading(21.5), { qos: 1 });
    await stored;

    const response = await fetch(`${service.url}/devices/roof/readings/latest`);
    expect(await response.json()).toMatchObject({ device: 'roof', celsius: 21.5 });
  });
});
