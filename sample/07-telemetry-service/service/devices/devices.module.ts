import { Module } from '@nestjs/common';
import { ReadingsModule } from '../readings/readings.module.js';
import { DevicesController } from './devices.controller.js';

@Module({ imports: [ReadingsModule], controllers: [DevicesController] })
export class DevicesModule {}
