import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { ClientMqtt } from 'nestjs-mqtt-transport';
import { AppModule } from '../service/app.module.js';
import { serve } from '../service/serve.js';
import { Settings } from '../service/settings.js';
import { startBrokers, type Brokers } from '../world/brokers.js';
import { ready } from '../world/ready.js';

/** The service in the test process, with its own brokers and a database in memory. */
export interface ServiceFixture {
  readonly app: INestApplication;
  readonly url: string;
  readonly brokers: Brokers;
  readonly device: ClientMqtt;
  readonly headOffice: ClientMqtt;
  close(): Promise<void>;
}

export async function startService(): Promise<ServiceFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'telemetry-test-'));
  const brokers = await startBrokers(folder);
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Settings)
    .useValue(new Settings({ ...brokers.environment, PORT: '0', DEVICE_TIMEOUT: '3000' }))
    .compile();
  const app = module.createNestApplication({ forceCloseConnections: true, logger: false });
  await serve(app);
  const url = await app.getUrl();
  await ready(url);
  const [device, headOffice] = [brokers.device(), brokers.headOffice()];
  return {
    app,
    url,
    brokers,
    device,
    headOffice,
    async close() {
      await Promise.all([device.close(), headOffice.close()]);
      await app.close();
      await brokers.close();
      rmSync(folder, { recursive: true });
    },
  };
}
