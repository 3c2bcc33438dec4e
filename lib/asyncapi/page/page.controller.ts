import {
  Controller,
  Get,
  Inject,
  NotFoundException,
  Param,
  Req,
  Res,
  UseGuards,
  VERSION_NEUTRAL,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CONTENT_SECURITY_POLICY, pageHtml } from './page-html.js';
import type { PageFile, PageFiles } from './page-files.js';

/** The controller of one page. */
export function pageController(
  path: string,
  title: string,
  files: PageFiles,
  guard: Type<CanActivate> | CanActivate | undefined,
): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  class AsyncApiPageController {
    constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

    @Get()
    page(@Req() request: unknown, @Res() response: unknown): void {
      const url = String(this.host.httpAdapter.getRequestUrl(request));
      this.send(response, { type: 'text/html; charset=utf-8', content: pageHtml(url, title) });
    }

    @Get(':file')
    async file(@Param('file') name: string, @Res() response: unknown): Promise<void> {
      const file = files.get(name);
      if (!file) throw new NotFoundException();
      this.send(response, await file());
    }

    /** Writes the response itself: the application's interceptors may wrap what a method returns. Guards have run before. */
    private send(response: unknown, { type, content }: PageFile): void {
      const { httpAdapter } = this.host;
      httpAdapter.setHeader(response, 'Content-Type', type);
      httpAdapter.setHeader(response, 'Content-Security-Policy', CONTENT_SECURITY_POLICY);
      httpAdapter.setHeader(response, 'X-Content-Type-Options', 'nosniff');
      httpAdapter.setHeader(response, 'Referrer-Policy', 'no-referrer');
      httpAdapter.setHeader(response, 'Cache-Control', 'no-cache');
      httpAdapter.reply(response, content, 200);
    }
  }
  if (guard) UseGuards(guard)(AsyncApiPageController);
  return AsyncApiPageController;
}
