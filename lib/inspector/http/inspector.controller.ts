import {
  BadRequestException,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  Res,
  ServiceUnavailableException,
  UseGuards,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InspectedApplication } from '../inspected-application.js';
import type { ResolvedInspectorOptions } from '../inspector-options.js';
import { INSPECTOR_OPTIONS } from '../inspector-tokens.js';
import { MqttInspector } from '../mqtt-inspector.js';
import { PAGE_HTML } from '../page-bundle.js';
import { explainTopic } from '../views/explain-topic.js';
import { findHandler } from '../views/handler-id.js';
import { obstacleOf } from '../views/obstacle.js';
import { propertiesOf } from '../records/letter-records.js';
import { previewOf, previewOfProperty, type PreviewOptions } from '../views/payload-preview.js';
import { Actions } from './actions.js';
import {
  eventStream,
  POLICY,
  refuseForgery,
  SAFE_HEADERS,
  addressOf,
  type Request,
  type Response,
} from './exchange.js';
import { LetterStores } from './letter-stores.js';
import { MessageForms } from './message-forms.js';
import { Snapshots } from './snapshots.js';
import { Tails, type TailRequest } from './tails.js';

/** The controller of the page. It writes responses itself: the application's interceptors may wrap what a method returns. Guards apply. */
export function inspectorController({ path, guards }: ResolvedInspectorOptions): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  class MqttInspectorController {
    constructor(
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
      @Inject(INSPECTOR_OPTIONS) private readonly options: ResolvedInspectorOptions,
      @Inject(MqttInspector) private readonly inspector: MqttInspector,
      @Inject(InspectedApplication) private readonly application: InspectedApplication,
      @Inject(Snapshots) private readonly snapshots: Snapshots,
      @Inject(Tails) private readonly tails: Tails,
      @Inject(Actions) private readonly actions: Actions,
      @Inject(LetterStores) private readonly stores: LetterStores,
      @Inject(MessageForms) private readonly forms: MessageForms,
    ) {}

    @Get()
    page(@Res() response: unknown): void {
      this.send(response, 'text/html; charset=utf-8', PAGE_HTML);
    }

    @Get('snapshots')
    stream(@Res() response: Response): void {
      if (this.snapshots.isFull) throw new ServiceUnavailableException('Too many viewers.');
      this.snapshots.add(eventStream(response));
    }

    @Get('tail')
    tail(@Query() query: Readonly<Record<string, unknown>>, @Res() response: Response): void {
      const tail = tailRequestOf(query);
      this.tails.check(tail);
      if (this.tails.isFull) throw new ServiceUnavailableException('Too many viewers use Live tail.');
      this.tails.add(eventStream(response), tail);
    }

    /** Says why a tail fails: an EventSource cannot read the body of an error response. */
    @Get('tail-check')
    tailCheck(@Query() query: Readonly<Record<string, unknown>>, @Res() response: unknown): void {
      this.tails.check(tailRequestOf(query));
      this.json(response, {});
    }

    @Get('explain')
    explain(@Query('topic') topic: unknown, @Res() response: unknown): void {
      if (typeof topic !== 'string') throw new BadRequestException('Give a topic.');
      this.json(
        response,
        explainTopic(topic, this.application.handlers, (handler) => obstacleOf(handler, this.inspector)),
      );
    }

    /** The form for a message to a handler. */
    @Get('form')
    async form(@Query('handler') id: unknown, @Res() response: unknown): Promise<void> {
      this.actions.allowSending();
      const handler = findHandler(String(id), this.inspector, this.application);
      if (!handler) throw new NotFoundException('Unknown handler.');
      this.json(response, await this.forms.of(handler));
    }

    @Get('dead-letter')
    deadLetter(@Query('id') id: unknown, @Res() response: unknown): void {
      const payloads = this.previews();
      const letter = this.inspector.letters.find(Number(id));
      if (!letter?.payload) throw new NotFoundException('The dead letter is not kept any more.');
      this.json(response, contentOf(letter.payload, letter.userProperties, payloads));
    }

    /** The dead letters of a store. */
    @Get('letters')
    async letters(@Query() { store, from }: Record<string, unknown>, @Res() response: unknown): Promise<void> {
      this.json(response, await this.stores.list(store, from));
    }

    @Get('letter')
    async letter(@Query() { store, id }: Record<string, unknown>, @Res() response: unknown): Promise<void> {
      const payloads = this.previews();
      const { payload, properties } = await this.stores.get(store, id);
      this.json(response, contentOf(payload, propertiesOf(properties?.userProperties), payloads));
    }

    /** See {@link Actions}. */
    @Post(':action')
    async act(@Param('action') name: string, @Req() request: Request, @Res() response: unknown): Promise<void> {
      refuseForgery(request);
      this.json(response, await this.actions.act(name, request.body, addressOf(request)));
    }

    /** @throws ForbiddenException when payloads are hidden */
    private previews(): PreviewOptions {
      const { payloads } = this.options;
      if (payloads) return payloads;
      throw new ForbiddenException('Payloads are hidden: see the option payloads of MqttInspectorModule.');
    }

    private json(response: unknown, value: unknown): void {
      this.send(response, 'application/json; charset=utf-8', JSON.stringify(value));
    }

    private send(response: unknown, type: string, content: string): void {
      const { httpAdapter } = this.host;
      const headers = { 'Content-Type': type, 'Content-Security-Policy': POLICY, ...SAFE_HEADERS };
      for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
      httpAdapter.reply(response, content, 200);
    }
  }
  if (guards.length > 0) UseGuards(...guards)(MqttInspectorController);
  return MqttInspectorController;
}

/** The content of a message, shown when a viewer opens it. */
function contentOf(
  payload: Buffer,
  properties: readonly (readonly [string, string])[],
  options: PreviewOptions,
): unknown {
  return {
    payload: previewOf(payload, options),
    userProperties: properties.map(([name, value]) => [name, previewOfProperty(name, value, options)]),
  };
}

function tailRequestOf({ broker = '', filter = '', payloads }: Readonly<Record<string, unknown>>): TailRequest {
  return { broker: String(broker), filter: String(filter), payloads: payloads === '1' };
}
