import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientMqtt } from 'nestjs-mqtt-transport';
import { reading } from './reading.js';

const DEVICES = ['line-1', 'line-2', 'line-3', 'line-4', 'line-5'];
/** Readings that a device reports at once before it pauses. */
const BURST = 5;
const PAUSE_MS = 20;

/** Devices that report at QoS 1 until they are stopped. One reading of each burst is sent twice, as after a lost acknowledgement. */
export class Load {
  /** Ids of readings that the plant's broker has acknowledged: all must be in the database in the end. */
  readonly published = new Set<string>();
  private stopped = false;
  private readonly devices: Promise<void>[];

  constructor(private readonly client: ClientMqtt) {
    this.devices = DEVICES.map((device) => this.report(`devices/${device}/readings`));
  }

  /** Resolves when everything is published. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.devices);
  }

  private async report(topic: string): Promise<void> {
    while (!this.stopped) {
      const burst = Array.from({ length: BURST }, (_, n) => reading(20 + n));
      await Promise.all([...burst, burst[0]].map((value) => this.client.publish(topic, value, { qos: 1 })));
      for (const { id } of burst) this.published.add(id);
      await sleep(PAUSE_MS);
    }
  }
}
