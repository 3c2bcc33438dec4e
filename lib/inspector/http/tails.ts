import type { ServerResponse } from 'node:http';
import { BadRequestException, Inject, Injectable, NotFoundException, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import type { MqttMessage } from '../../client/messages/mqtt-message.js';
import { topicFilterProblem } from '../../protocol/topic-filter.js';
import { binaryCodec } from '../../serialization/codecs.js';
import { InspectedApplication, type InspectedHandler } from '../inspected-application.js';
import { INSPECTOR_OPTIONS } from '../inspector-tokens.js';
import type { ResolvedInspectorOptions } from '../inspector-options.js';
import { propertiesOf } from '../records/letter-records.js';
import { excerpt, excerptOfError } from '../views/excerpt.js';
import { previewOf, previewOfProperty } from '../views/payload-preview.js';
import { hitsOf } from '../views/reached.js';
import type { TailMessage } from '../views/snapshot.js';
import { EventStreams, frameOf, type EventStream } from './event-streams.js';

const MAX_TAILS = 10;
const EVERY_MS = 500;
/** Messages in one frame; further ones are only counted. */
const MAX_MESSAGES = 10;
const MAX_REACHED = 5;

/** The subscription that a viewer asks for. */
export interface TailRequest {
  readonly broker: string;
  readonly filter: string;
  readonly payloads: boolean;
}

/** Live messages of a filter: each viewer has an ad-hoc subscription at QoS 0 of the application's client, until it disconnects. */
@Injectable()
export class Tails implements OnModuleDestroy {
  private readonly streams = new EventStreams();

  constructor(
    @Inject(InspectedApplication) private readonly application: InspectedApplication,
    @Inject(INSPECTOR_OPTIONS) private readonly options: ResolvedInspectorOptions,
  ) {}

  get isFull(): boolean {
    return this.streams.size >= MAX_TAILS;
  }

  /** @throws BadRequestException when the filter is invalid; NotFoundException when the broker has no client */
  check({ broker, filter }: TailRequest): void {
    const problem = topicFilterProblem(filter);
    if (problem !== undefined) throw new BadRequestException(`Invalid Topic Filter: ${problem}`);
    if (filter.startsWith('$share/'))
      throw new BadRequestException(
        'A shared subscription would take messages from the other members of its group: give the filter without $share.',
      );
    if (!this.application.clientOf(broker))
      throw new NotFoundException('The application has no client of this broker. Import MqttModule.');
  }

  add(response: ServerResponse, request: TailRequest): void {
    const stream = this.streams.add(response, () => {
      clearInterval(timer);
      subscription.unsubscribe();
    });
    const lines = new TailLines(this.application.handlers, request, this.options);
    const timer = setInterval(() => lines.flush(stream), EVERY_MS);
    const subscription: Subscription = this.application
      .clientOf(request.broker)!
      .messages<Buffer>(request.filter, { codec: binaryCodec })
      .subscribe({
        next: (message) => lines.take(message),
        error: (error: unknown) => {
          stream.send(frameOf('failed', { text: excerptOfError(error) }));
          clearInterval(timer);
        },
      });
    stream.send(frameOf('tail', { messages: [], skipped: 0 }));
  }

  onModuleDestroy(): void {
    this.streams.close();
  }
}

/** Collects messages until the next frame. */
class TailLines {
  private messages: TailMessage[] = [];
  private skipped = 0;
  private readonly handlers: readonly InspectedHandler[];

  constructor(
    handlers: readonly InspectedHandler[],
    private readonly request: TailRequest,
    private readonly options: ResolvedInspectorOptions,
  ) {
    this.handlers = handlers.filter(({ broker = '' }) => broker === request.broker);
  }

  take({ topic, data, packet }: MqttMessage<Buffer>): void {
    if (this.messages.length >= MAX_MESSAGES) {
      this.skipped++;
      return;
    }
    const { payloads } = this.options;
    const shown = this.request.payloads ? payloads : undefined;
    this.messages.push({
      at: Date.now(),
      topic: excerpt(topic),
      qos: packet.qos,
      retain: packet.retain,
      size: data.length,
      reaches: this.reached(topic),
      payload: shown && previewOf(data, shown),
      userProperties: shown
        ? propertiesOf(packet.properties?.userProperties).map(
            ([name, value]) => [name, previewOfProperty(name, value, shown)] as const,
          )
        : [],
    });
  }

  flush(stream: EventStream): void {
    if (this.messages.length > 0 && stream.send(frameOf('tail', { messages: this.messages, skipped: this.skipped })))
      this.skipped = 0;
    else this.skipped += this.messages.length; // the viewer does not read
    this.messages = [];
  }

  private reached(topic: string): string[] {
    const takers = hitsOf(topic, this.handlers).filter(({ instead }) => instead === undefined);
    return takers.slice(0, MAX_REACHED).map(({ handler }) => excerpt(handler.template));
  }
}
