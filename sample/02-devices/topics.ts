import { patternsOf } from 'nestjs-mqtt-transport';

/** Topic of the dead letters of invalid telemetry. */
export const FAILED_TELEMETRY = 'failed/telemetry';

/** A report of a device. `battery` contains the raw bytes of its gauge. */
export interface Telemetry {
  readonly celsius: number;
  readonly battery: Uint8Array;
}

/** The latest state of a device. */
export interface DeviceState {
  readonly deviceId: string;
  readonly celsius: number;
  readonly batteryPercent: number;
}

export interface Command {
  readonly times: number;
}

/**
 * The topics and their types. TypeScript checks handlers and clients against them.
 *
 * A site's name is one level of every topic: `sites/north/devices/lamp-1/telemetry`.
 */
export interface Topics {
  [topic: `devices/${string}/telemetry`]: { event: Telemetry };
  [topic: `sites/${string}/devices/${string}/telemetry`]: { event: Telemetry };
  [topic: `sites/${string}/devices/${string}/blink`]: { request: Command; reply: string };
  [topic: `sites/${string}/devices/${string}/state`]: { event: DeviceState };
  blink: { request: Command; reply: string };
  [FAILED_TELEMETRY]: { event: Telemetry };
}

export const { MessagePattern, EventPattern } = patternsOf<Topics>();
