import type { ServerResponse } from 'node:http';
import {
  BadRequestException,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  NotFoundException,
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
import { PAGE_HTML, PAGE_SCRIPT_HASH, PAGE_STYLE_HASH } from '../page-bundle.js';
import { explainTopic } from '../views/explain-topic.js';
import { findHandler } from '../views/handler-id.js';
import { obstacleOf } from '../views/obstacle.js';
import { previewOf, previewOfProperty } from '../views/payload-preview.js';
import { Actions } from './actions.js';
import { MessageForms } from './message-forms.js';
import { Snapshots } from './snapshots.js';
import { Tails, type TailWish } from './tails.js';

/** A page of another site cannot send it: a browser asks this one first (CORS). */
export const CSRF_HEADER = 'x-mqtt-inspector';

const POLICY = [
  "default-src 'none'",
  `script-src '${PAGE_SCRIPT_HASH}'`,
  `style-src '${PAGE_STYLE_HASH}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What Express and Fastify have in common. */
interface Request {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly ip?: string;
}

/** Fastify's reply wraps Node's response, Express' response is it. */
interface Response {
  readonly raw?: ServerResponse;
  hijack?(): void;
}

/** The controller of the page: past the application's interceptors, some of which wrap what is returned, and behind its guards. */
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
      const wish = wishOf(query);
      this.tails.check(wish);
      if (this.tails.isFull) throw new ServiceUnavailableException('Too many viewers listen to filters already.');
      this.tails.add(eventStream(response), wish);
    }

    /** Why there is no tail: an EventSource is not told. */
    @Get('tail-check')
    tailCheck(@Query() query: Readonly<Record<string, unknown>>, @Res() response: unknown): void {
      this.tails.check(wishOf(query));
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

    /** What a message to a handler is made of. */
    @Get('form')
    async form(@Query('handler') id: unknown, @Res() response: unknown): Promise<void> {
      this.actions.allowSending();
      const handler = findHandler(String(id), this.inspector, this.application);
      if (!handler) throw new NotFoundException('There is no such handler.');
      this.json(response, await this.forms.of(handler));
    }

    @Get('dead-letter')
    deadLetter(@Query('id') id: unknown, @Res() response: unknown): void {
      const { payloads } = this.options;
      if (!payloads)
        throw new ForbiddenException('Payloads are hidden: see the option payloads of MqttInspectorModule.');
      const letter = this.inspector.letters.find(Number(id));
      if (!letter?.payload) throw new NotFoundException('It is not kept any more.');
      this.json(response, {
        payload: previewOf(letter.payload, payloads),
        userProperties: letter.userProperties.map(([name, value]) => [name, previewOfProperty(name, value, payloads)]),
      });
    }

    @Post('publish')
    async publish(@Req() request: Request, @Res() response: unknown): Promise<void> {
      refuseForgery(request);
      this.json(response, await this.actions.publish(request.body, whoIs(request)));
    }

    @Post('request')
    async request(@Req() request: Request, @Res() response: unknown): Promise<void> {
      refuseForgery(request);
      this.json(response, await this.actions.request(request.body, whoIs(request)));
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

const SAFE_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

function eventStream(response: Response): ServerResponse {
  response.hijack?.();
  const raw = response.raw ?? (response as unknown as ServerResponse);
  raw.writeHead(200, {
    ...SAFE_HEADERS,
    'Content-Type': 'text/event-stream',
    Connection: 'close',
    'X-Accel-Buffering': 'no',
  });
  return raw;
}

/** @throws ForbiddenException when a page of another site may have sent it */
function refuseForgery({ headers }: Request): void {
  if (headers[CSRF_HEADER] === undefined || !String(headers['content-type']).startsWith('application/json'))
    throw new ForbiddenException(`Send JSON, and the header ${CSRF_HEADER}.`);
}

function wishOf({ broker = '', filter = '', payloads }: Readonly<Record<string, unknown>>): TailWish {
  return { broker: String(broker), filter: String(filter), payloads: payloads === '1' };
}

function whoIs({ ip = 'an unknown address' }: Request): string {
  return ip;
}
