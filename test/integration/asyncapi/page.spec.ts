import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type CallHandler,
  type NestInterceptor,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { map, type Observable } from 'rxjs';
import type { INestApplication } from '@nestjs/common';
import { ServerMqtt } from '../../../lib/index.js';
import { MqttAsyncApi, type AsyncApiDocument, type AsyncApiPageOptions } from '../../../lib/asyncapi/index.js';
import { Browser, describeInBrowser, type View } from '../../support/browser.js';
import { closeAfterTest } from '../../support/closing.js';
import { EveryFeatureModule } from './every-feature.module.js';

const PLATFORMS = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };
const FILES = ['', '/asyncapi.json', '/asyncapi.yaml', '/component.js', '/component.css', '/page.js', '/page.css'];

@Injectable()
class DeniesAll implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

/** Wraps responses, as many applications do. */
class Wrap implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

async function startPage(
  adapter: () => AbstractHttpAdapter,
  options?: AsyncApiPageOptions,
  prepare?: (app: INestApplication) => void,
): Promise<{ url: string; document: AsyncApiDocument }> {
  const app = await NestFactory.create<INestApplication>(EveryFeatureModule, adapter(), { logger: ['error', 'warn'] });
  closeAfterTest(() => app.close());
  app.connectMicroservice({ strategy: app.get(ServerMqtt) });
  prepare?.(app);
  const document = await MqttAsyncApi.createDocument(app, { title: 'Every <feature>', version: '1.0.0' });
  await MqttAsyncApi.setup('docs/asyncapi', app, document, options);
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), document };
}

async function statusOf(url: string): Promise<number> {
  return (await fetch(url)).status;
}

function statuses(url: string): Promise<number[]> {
  return Promise.all(FILES.map((file) => statusOf(`${url}${file}`)));
}

for (const [platform, adapter] of Object.entries(PLATFORMS)) {
  describe(`the AsyncAPI page on ${platform}`, () => {
    const start = startPage.bind(undefined, adapter);

    it('serves the document in JSON and YAML', async () => {
      const { url, document } = await start();
      const json = await fetch(`${url}/docs/asyncapi/asyncapi.json`);
      expect(json.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await json.json()).toEqual(document);
      const yaml = await fetch(`${url}/docs/asyncapi/asyncapi.yaml`);
      expect(yaml.headers.get('content-type')).toMatch(/^application\/yaml/);
      expect(await yaml.text()).toBe(await MqttAsyncApi.toYaml(document));
    });

    it('is served with a policy that allows no other host and no script within the page', async () => {
      const { url } = await start();
      const response = await fetch(`${url}/docs/asyncapi`);
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe-inline|https?:|\*/);
      expect(await response.text()).toContain('<title>Every &lt;feature&gt;</title>');
      expect(await statuses(`${url}/docs/asyncapi`)).toEqual(FILES.map(() => 200));
      expect(await statusOf(`${url}/docs/asyncapi/constructor`)).toBe(404);
    });

    it('is protected by a guard class', async () => {
      const { url } = await start({ guard: DeniesAll });
      expect(await statuses(`${url}/docs/asyncapi`)).toEqual(FILES.map(() => 403));
    });

    it('is protected by a guard function', async () => {
      const { url } = await start({
        guard: (context) => context.switchToHttp().getRequest<{ url: string }>().url.endsWith('?key=1'),
      });
      expect(await statuses(`${url}/docs/asyncapi`)).toEqual(FILES.map(() => 403));
      expect(await statusOf(`${url}/docs/asyncapi/asyncapi.json?key=1`)).toBe(200);
    });

    it('is protected by global guards, and below the global prefix', async () => {
      const { url } = await start({}, (app) => {
        app.setGlobalPrefix('api');
        app.useGlobalGuards({
          canActivate: () => {
            throw new UnauthorizedException();
          },
        });
      });
      expect(await statuses(`${url}/api/docs/asyncapi`)).toEqual(FILES.map(() => 401));
      expect(await statusOf(`${url}/docs/asyncapi`)).toBe(404);
    });

    it('is not changed by interceptors that wrap responses', async () => {
      const { url, document } = await start({}, (app) => app.useGlobalInterceptors(new Wrap()));
      expect(await (await fetch(`${url}/docs/asyncapi/asyncapi.json`)).json()).toEqual(document);
    });

    it('cannot be set up after init()', async () => {
      const app = await NestFactory.create<INestApplication>(EveryFeatureModule, adapter(), {
        logger: ['error', 'warn'],
      });
      closeAfterTest(() => app.close());
      await app.init();
      const document = await MqttAsyncApi.createDocument(app, { title: 'Late', version: '1.0.0' });
      await expect(MqttAsyncApi.setup('asyncapi', app, document)).rejects.toThrow('before init() and listen()');
    });

    describeInBrowser('in a browser', () => {
      let browser: Browser;
      beforeAll(() => {
        browser = new Browser();
      });
      afterAll(() => browser.close());

      const views: [string, string, View][] = [
        ['light', '', { colorScheme: 'light' }],
        ['dark', platform === 'Express' ? '/' : '', { colorScheme: 'dark' }], // for Fastify a trailing slash is another route
        ['phone width', '?from=elsewhere', { viewport: { width: 390, height: 844 } }],
      ];
      for (const [title, suffix, view] of views) {
        it(`shows the document without errors, and loads nothing from other hosts: ${title}`, async () => {
          const { url } = await start();
          const { page, problems } = await browser.open(`${url}/docs/asyncapi${suffix}`, view);
          await page.getByText('sites/{site}/devices/{deviceId}/telemetry').first().waitFor();
          const text = (await page.locator('#asyncapi').innerText()).replaceAll(/\s+/g, ' ');
          for (const seen of ['Every <feature> 1.0.0', 'localhost:1883', 'commands/{name}', 'Stores a reading'])
            expect(text).toContain(seen);
          expect(problems).toEqual([]);
          const filter = await page.evaluate<string>('getComputedStyle(document.documentElement).filter');
          expect(filter).toBe(view.colorScheme === 'dark' ? 'invert(1) hue-rotate(180deg)' : 'none');
          // black on white for the filter, whatever the system's colours
          expect(await page.evaluate<string>('getComputedStyle(document.querySelector("h1")).color')).toBe(
            'rgb(0, 0, 0)',
          );
          expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(
            0,
          );
          const folder = process.env['SCREENSHOTS'];
          if (folder) await page.screenshot({ path: `${folder}/asyncapi-${platform}-${title}.png` });
        });
      }
    });
  });
}
