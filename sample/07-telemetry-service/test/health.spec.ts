import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type ServiceFixture } from './service.fixture.js';

describe('probes', () => {
  let service: ServiceFixture;

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  it('is ready when the brokers and the database respond', async () => {
    const response = await fetch(`${service.url}/health`);

    expect(await response.json()).toMatchObject({
      status: 'ok',
      info: { plant: { status: 'up' }, cloud: { status: 'up' }, database: { status: 'up' } },
    });
  });

  it('is alive but not ready without the cloud', async () => {
    await service.brokers.cloud.stop();
    const [health, alive] = await Promise.all([fetch(`${service.url}/health`), fetch(`${service.url}/alive`)]);

    expect(await health.json()).toMatchObject({ status: 'error', error: { cloud: { status: 'down' } } });
    expect(alive.status).toBe(200);
    await service.brokers.cloud.start();
  });
});
