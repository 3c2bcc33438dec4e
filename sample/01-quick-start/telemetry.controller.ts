import { Controller, Inject } from '@nestjs/common';
import { Payload, RpcException } from '@nestjs/microservices';
import { MqttSubscription, patternsOf, TopicParam } from 'nestjs-mqtt-transport';
import { Readings, type Reading } from './readings.js';
import { say } from './say.js';

export const WORKER_NAME = Symbol('name of this worker');

const { EventPattern, MessagePattern } = patternsOf();

/** The MQTT side. All workers subscribe in the group `workers`: the broker gives each message to one of them. */
@Controller()
@MqttSubscription({ shared: 'workers', qos: 1 })
export class TelemetryController {
  constructor(
    @Inject(WORKER_NAME) private readonly worker: string,
    private readonly readings: Readings,
  ) {}

  /** Subscribes `$share/workers/devices/+/telemetry`. Acknowledged to the broker when this method has returned. */
  @EventPattern('devices/{deviceId}/telemetry')
  telemetry(@TopicParam('deviceId') deviceId: string, @Payload() { celsius }: { celsius: number }): void {
    say(this.worker, `${deviceId} reports ${celsius} degrees`);
    this.readings.add({ deviceId, celsius, worker: this.worker });
  }

  /** Replies to requests on `readings/latest`: from an injected client, `mosquitto_rr`, or any MQTT 5.0 program. */
  @MessagePattern('readings/latest')
  latest(@Payload() deviceId: string): Reading {
    say(this.worker, `gets a request for the latest reading of ${deviceId}`);
    const reading = this.readings.latestOf(deviceId);
    if (!reading) throw new RpcException({ status: 404, message: `${deviceId} has not reported yet` });
    return reading;
  }
}
