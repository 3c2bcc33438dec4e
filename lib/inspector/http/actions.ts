import { BadRequestException, ForbiddenException, Inject, Injectable, Logger, NotFoundException } from '@nestjs/common';
import type { ClientMqtt } from '../../client/mqtt.client.js';
import type { MqttRecordOptions } from '../../records/mqtt-record.js';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import { InspectedApplication } from '../inspected-application.js';
import { INSPECTOR_OPTIONS } from '../inspector-tokens.js';
import type { MqttInspectorAction, ResolvedInspectorOptions } from '../inspector-options.js';
import { excerpt, excerptOfError } from '../views/excerpt.js';
import { previewOfValue } from '../views/payload-preview.js';
import type { ActionResult } from '../views/snapshot.js';
import { letterId, LetterStores } from './letter-stores.js';

const REQUEST_TIMEOUT_MS = 10_000;
const PUBLISH_TIMEOUT_MS = 10_000;
const REPLAY_ALL_MS = 60_000;

/** A message to publish, validated. */
interface MessageToSend {
  readonly topic: string;
  readonly payload: unknown;
  readonly client: ClientMqtt;
  readonly options: MqttRecordOptions;
}

type Act = (body: unknown, who: string) => Promise<ActionResult>;

/** The actions of the option `allow`. Each one is logged: what, on which topic or dead letter, and from which address. */
@Injectable()
export class Actions {
  private readonly logger = new Logger('MqttInspector');
  private readonly all = new Map<string, Act>([
    ['publish', (body, who) => this.publish(body, who)],
    ['request', (body, who) => this.request(body, who)],
    ['replay', (body, who) => this.replay(body, who)],
    ['replay-all', (body, who) => this.replayAll(body, who)],
    ['discard', (body, who) => this.discard(body, who)],
  ]);

  constructor(
    @Inject(InspectedApplication) private readonly application: InspectedApplication,
    @Inject(LetterStores) private readonly stores: LetterStores,
    @Inject(INSPECTOR_OPTIONS) private readonly options: ResolvedInspectorOptions,
  ) {}

  /** @throws NotFoundException, ForbiddenException, BadRequestException */
  async act(name: string, body: unknown, who: string): Promise<ActionResult> {
    const act = this.all.get(name);
    if (!act) throw new NotFoundException('Unknown action.');
    return act(body, who);
  }

  private async publish(body: unknown, who: string): Promise<ActionResult> {
    this.allow('publish');
    const { topic, payload, client, options } = this.read(body);
    return this.audited('publish', `to ${quoted(topic)}`, who, async () => {
      await client.publish(topic, payload, { ...options, timeout: PUBLISH_TIMEOUT_MS });
      return { ok: true, text: options.qos ? 'Acknowledged by the broker.' : 'Written to the socket.' };
    });
  }

  private async request(body: unknown, who: string): Promise<ActionResult> {
    this.allow('request');
    const { topic, payload, client, options } = this.read(body);
    return this.audited('request', `to ${quoted(topic)}`, who, async () => {
      const start = performance.now();
      const { data } = await client.request<unknown>(topic, payload, { ...options, timeout: REQUEST_TIMEOUT_MS });
      const text = `Replied after ${(performance.now() - start).toFixed(1)} ms.`;
      const { payloads } = this.options;
      return { ok: true, text, reply: payloads && previewOfValue(data, payloads) };
    });
  }

  /** Replays one dead letter, and waits for its handler. */
  private async replay(body: unknown, who: string): Promise<ActionResult> {
    this.allow('replay');
    const { letters, id } = this.letterOf(body);
    return this.audited('replay', `of dead letter ${quoted(id)}`, who, async () => {
      await letters.replay(id);
      return { ok: true, text: 'Replayed.' };
    });
  }

  /** Replays all dead letters of a store, for at most a minute. */
  private async replayAll(body: unknown, who: string): Promise<ActionResult> {
    this.allow('replay');
    const letters = this.stores.find(fieldsOf(body)['store']);
    return this.audited('replay', 'of all dead letters', who, async () => {
      const signal = AbortSignal.timeout(REPLAY_ALL_MS);
      const { replayed, failed, exhausted, skipped, lastError } = await letters.replayAll({}, { signal });
      const ended = signal.aborted ? ' It stopped after a minute: run it again for the rest.' : '';
      const because = lastError ? `: ${excerptOfError(lastError)}` : '.';
      const text = `${replayed} replayed, ${failed} failed again, ${exhausted} exhausted, ${skipped} skipped${because}${ended}`;
      return { ok: failed + exhausted === 0, text };
    });
  }

  private async discard(body: unknown, who: string): Promise<ActionResult> {
    this.allow('discard');
    const { letters, id } = this.letterOf(body);
    return this.audited('discard', `dead letter ${quoted(id)}`, who, async () => {
      await letters.discard(id);
      return { ok: true, text: 'Discarded.' };
    });
  }

  /** @throws BadRequestException, NotFoundException */
  private letterOf(body: unknown): { readonly letters: DeadLetters; readonly id: string } {
    const { store, id } = fieldsOf(body);
    return { letters: this.stores.find(store), id: letterId(id) };
  }

  /** @throws ForbiddenException unless `allow` has 'publish' or 'request' */
  allowSending(): void {
    if (!this.options.allow.has('publish')) this.allow('request');
  }

  /** @throws ForbiddenException */
  private allow(action: MqttInspectorAction): void {
    if (!this.options.allow.has(action))
      throw new ForbiddenException(`The option allow of MqttInspectorModule does not include '${action}'.`);
  }

  private async audited(
    action: MqttInspectorAction,
    subject: string,
    who: string,
    act: () => Promise<ActionResult>,
  ): Promise<ActionResult> {
    try {
      const result = await act();
      this.logger.log(`${action} ${subject} by ${who}: done`);
      return result;
    } catch (error) {
      this.logger.log(`${action} ${subject} by ${who}: failed`);
      return { ok: false, text: excerptOfError(error) };
    }
  }

  /** @throws BadRequestException, NotFoundException */
  private read(body: unknown): MessageToSend {
    const { broker = '', topic, payload, qos = 0, retain = false } = fieldsOf(body);
    if (typeof topic !== 'string' || topic === '') throw new BadRequestException('Give a topic.');
    if (payload === undefined) throw new BadRequestException('Give a payload.');
    if (qos !== 0 && qos !== 1 && qos !== 2) throw new BadRequestException('Give 0, 1 or 2 for qos.');
    if (typeof retain !== 'boolean') throw new BadRequestException('Give true or false for retain.');
    const client = typeof broker === 'string' ? this.application.clientOf(broker) : undefined;
    if (!client) throw new NotFoundException('The application has no client of this broker. Import MqttModule.');
    return { topic, payload, client, options: { qos, ...(retain && { retain }) } };
  }
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return Object(body) as Record<string, unknown>;
}

function quoted(text: string): string {
  return JSON.stringify(excerpt(text));
}
