import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { startBrokers } from './world/brokers.js';
import { invite } from './world/invitation.js';
import { restartUnderLoad } from './world/restart.js';
import { say } from './world/say.js';
import { ServiceProcess } from './world/service-process.js';
import { tour } from './world/tour.js';

Logger.overrideLogger(['warn', 'error']);
const folder = mkdtempSync(join(tmpdir(), 'telemetry-'));
const brokers = await startBrokers(folder);
const environment = { ...brokers.environment, DATABASE: join(folder, 'telemetry.db') };
say('world', `plant broker at ${brokers.plantUrl}, cloud broker at ${brokers.cloudUrl}`);
try {
  const service = await ServiceProcess.start(environment);
  await tour(brokers, service.url);
  await restartUnderLoad(brokers, service, environment);
  if (process.env['SAMPLE_EXIT'] === undefined) await invite(brokers, await ServiceProcess.start(environment));
} finally {
  await brokers.close();
  rmSync(folder, { recursive: true });
}
