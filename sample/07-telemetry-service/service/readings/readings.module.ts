import { Module } from '@nestjs/common';
import { AlarmsController } from './alarms.controller.js';
import { HeadOfficeController } from './head-office.controller.js';
import { ReadingsController } from './readings.controller.js';
import { ReadingsRepository } from './readings.repository.js';

@Module({
  controllers: [ReadingsController, AlarmsController, HeadOfficeController],
  providers: [ReadingsRepository],
  exports: [ReadingsRepository],
})
export class ReadingsModule {}
