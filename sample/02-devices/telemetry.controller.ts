import { Controller, Inject } from '@nestjs/common';
import { Payload, RpcException } from '@nestjs/microservices';
import { jsonCodec, MqttSubscription, PublishTo, TopicParam } from 'nestjs-mqtt-transport';
import { say } from '../01-quick-start/say.js';
import { cborCodec } from './cbor-codec.js';
import { EventPattern, FAILED_TELEMETRY, type DeviceState, type Telemetry } from './topics.js';

export const WORKER_NAME = Symbol('name of this worker');

const ABSOLUTE_ZERO = -273.15;

/**
 * Receives telemetry. The workers share it: the broker delivers each message to one of them, and keeps it until that worker has
 * acknowledged it. Devices with little memory send CBOR instead of JSON.
 */
@Controller()
@MqttSubscription({ shared: 'workers', qos: 1, codec: cborCodec })
export class TelemetryController {
  constructor(@Inject(WORKER_NAME) private readonly worker: string) {}

  /**
   * The server prepends `sites/{site}/` to the pattern, see app.module.ts: the subscription is
   * `$share/workers/sites/+/devices/+/telemetry`.
   *
   * The return value is published as the state of the device, in JSON and retained. Impossible values are
   * retried once, and then published as dead letters.
   */
  @MqttSubscription({ retry: { attempts: 2, delay: 10 }, deadLetter: FAILED_TELEMETRY })
  @EventPattern('devices/{deviceId}/telemetry')
  @PublishTo('sites/{site}/devices/{deviceId}/state', { qos: 1, retain: true, codec: jsonCodec })
  telemetry(
    @Payload() { celsius, battery }: Telemetry,
    @TopicParam('deviceId') deviceId: string,
    @TopicParam('site') site: string,
  ): DeviceState {
    if (celsius < ABSOLUTE_ZERO) throw new RpcException(`${celsius} degrees is below absolute zero`);
    say(this.worker, `${deviceId} at site ${site} reports ${celsius} degrees`);
    return { deviceId, celsius, batteryPercent: Math.round((100 * battery[0]!) / 255) };
  }
}
