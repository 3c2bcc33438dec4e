import type { ServerResponse } from 'node:http';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InspectedApplication } from '../inspected-application.js';
import { MqttInspector } from '../mqtt-inspector.js';
import { INSPECTOR_OPTIONS } from '../inspector-tokens.js';
import type { ResolvedInspectorOptions } from '../inspector-options.js';
import { snapshotOf } from '../views/snapshot-of.js';
import type { Permissions } from '../views/snapshot.js';
import { EventStreams, frameOf } from './event-streams.js';

const EVERY_MS = 1_000;

/** Sends the same snapshot to all viewers, once a second. Does nothing without viewers. */
@Injectable()
export class Snapshots implements OnModuleDestroy {
  private readonly streams = new EventStreams();
  private readonly may: Permissions;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(MqttInspector) private readonly inspector: MqttInspector,
    @Inject(InspectedApplication) private readonly application: InspectedApplication,
    @Inject(INSPECTOR_OPTIONS) { allow, payloads }: ResolvedInspectorOptions,
  ) {
    this.may = {
      publish: allow.has('publish'),
      request: allow.has('request'),
      replay: allow.has('replay'),
      discard: allow.has('discard'),
      payloads: payloads !== undefined,
    };
  }

  get isFull(): boolean {
    return this.streams.isFull;
  }

  add(response: ServerResponse): void {
    const stream = this.streams.add(response, () => this.left());
    this.inspector.watch();
    this.timer ??= setInterval(() => this.tick(), EVERY_MS);
    stream.send(this.frame());
  }

  onModuleDestroy(): void {
    this.streams.close();
  }

  private tick(): void {
    this.inspector.tick();
    this.streams.send(this.frame());
  }

  private frame(): string {
    return frameOf('snapshot', snapshotOf(this.inspector, this.application, this.may));
  }

  private left(): void {
    if (this.streams.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.inspector.unwatch();
  }
}
