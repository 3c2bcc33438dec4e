import { Module, ValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { cloudBroker, plantBroker } from './brokers.js';
import { DatabaseModule } from './database.module.js';
import { DeviceErrorsFilter } from './devices/device-errors.filter.js';
import { DevicesModule } from './devices/devices.module.js';
import { HealthModule } from './health/health.module.js';
import { ReadingsModule } from './readings/readings.module.js';
import { SettingsModule } from './settings.js';

@Module({
  imports: [SettingsModule, DatabaseModule, plantBroker, cloudBroker, ReadingsModule, DevicesModule, HealthModule],
  providers: [
    { provide: APP_PIPE, useFactory: () => new ValidationPipe({ whitelist: true, transform: true }) },
    { provide: APP_FILTER, useClass: DeviceErrorsFilter },
  ],
})
export class AppModule {}
