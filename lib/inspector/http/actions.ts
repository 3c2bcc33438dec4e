import { BadRequestException, ForbiddenException, Inject, Injectable, Logger, NotFoundException } from '@nestjs/common';
import type { ClientMqtt } from '../../client/mqtt.client.js';
import type { MqttRecordOptions } from '../../records/mqtt-record.js';
import { InspectedApplication } from '../inspected-application.js';
import { INSPECTOR_OPTIONS } from '../inspector-tokens.js';
import type { MqttInspectorAction, ResolvedInspectorOptions } from '../inspector-options.js';
import { excerpt, excerptOfError } from '../views/excerpt.js';
import { previewOfValue } from '../views/payload-preview.js';
import type { ActionResult } from '../views/snapshot.js';

const REQUEST_TIMEOUT_MS = 10_000;
const PUBLISH_TIMEOUT_MS = 10_000;

/** A message of the form, whose fields may be anything. */
interface Wanted {
  readonly topic: string;
  readonly payload: unknown;
  readonly client: ClientMqtt;
  readonly options: MqttRecordOptions;
}

/** What viewers do beside looking, where it is allowed. Each leaves a line in the log: what, where, and for whom. */
@Injectable()
export class Actions {
  private readonly logger = new Logger('MqttInspector');

  constructor(
    @Inject(InspectedApplication) private readonly application: InspectedApplication,
    @Inject(INSPECTOR_OPTIONS) private readonly options: ResolvedInspectorOptions,
  ) {}

  async publish(body: unknown, who: string): Promise<ActionResult> {
    this.allow('publish');
    const { topic, payload, client, options } = this.read(body);
    return this.audited('publish', topic, who, async () => {
      await client.publish(topic, payload, { ...options, timeout: PUBLISH_TIMEOUT_MS });
      return { ok: true, text: options.qos ? 'The broker has acknowledged it.' : 'It was written to the socket.' };
    });
  }

  async request(body: unknown, who: string): Promise<ActionResult> {
    this.allow('request');
    const { topic, payload, client, options } = this.read(body);
    return this.audited('request', topic, who, async () => {
      const start = performance.now();
      const { data } = await client.request<unknown>(topic, payload, { ...options, timeout: REQUEST_TIMEOUT_MS });
      const text = `Replied after ${(performance.now() - start).toFixed(1)} ms.`;
      const { payloads } = this.options;
      return { ok: true, text, reply: payloads && previewOfValue(data, payloads) };
    });
  }

  /** @throws ForbiddenException where nothing may be sent */
  allowSending(): void {
    if (!this.options.allow.has('publish')) this.allow('request');
  }

  /** @throws ForbiddenException */
  private allow(action: MqttInspectorAction): void {
    if (!this.options.allow.has(action))
      throw new ForbiddenException(`The inspector may only look: its option allow does not name ${action}.`);
  }

  private async audited(
    action: MqttInspectorAction,
    topic: string,
    who: string,
    act: () => Promise<ActionResult>,
  ): Promise<ActionResult> {
    const shown = JSON.stringify(excerpt(topic));
    try {
      const result = await act();
      this.logger.log(`${action} to ${shown} by ${who}: done`);
      return result;
    } catch (error) {
      this.logger.log(`${action} to ${shown} by ${who}: failed`);
      return { ok: false, text: excerptOfError(error) };
    }
  }

  /** @throws BadRequestException, NotFoundException */
  private read(body: unknown): Wanted {
    const { broker = '', topic, payload, qos = 0, retain = false } = Object(body) as Record<string, unknown>;
    if (typeof topic !== 'string' || topic === '') throw new BadRequestException('Give a topic.');
    if (payload === undefined) throw new BadRequestException('Give a payload.');
    if (qos !== 0 && qos !== 1 && qos !== 2) throw new BadRequestException('Give 0, 1 or 2 for qos.');
    if (typeof retain !== 'boolean') throw new BadRequestException('Give true or false for retain.');
    const client = typeof broker === 'string' ? this.application.clientOf(broker) : undefined;
    if (!client) throw new NotFoundException('The application has no client of this broker. Import MqttModule.');
    return { topic, payload, client, options: { qos, ...(retain && { retain }) } };
  }
}
