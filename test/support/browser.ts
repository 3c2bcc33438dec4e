import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { findExecutable } from './find-executable.js';
import { describeUnlessMissing } from './optional-suite.js';

/** What a browser is called: on Debian, and elsewhere. `CHROMIUM` names another one. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const BROWSER_PACKAGE = 'Install it: apt-get install chromium, or set CHROMIUM to the path of one';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How a page is looked at. */
export interface View {
  readonly colorScheme?: 'light' | 'dark';
  /** Default: a desktop's. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A page, and what went wrong on it so far. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, errors that nobody caught, and requests that failed or went to another host. */
  readonly problems: string[];
}

/** Path of a Chromium; undefined when there is none. */
function findBrowser(): string | undefined {
  const named = process.env['CHROMIUM'];
  return named ? named : NAMES.map(findExecutable).find((path) => path !== undefined);
}

/** A suite that needs a Chromium, see `describeUnlessMissing`. */
export function describeInBrowser(title: string, suite: () => void): void {
  describeUnlessMissing(
    findBrowser() === undefined ? `no Chromium found. ${BROWSER_PACKAGE}` : undefined,
    title,
    suite,
  );
}

/** A Chromium with an empty profile of its own. */
export class Browser {
  private readonly contexts: BrowserContext[] = [];
  private readonly profiles: string[] = [];

  /** Opens `url`, and watches what happens there. */
  async open(
    url: string,
    { colorScheme = 'light', viewport = { width: 1_280, height: 900 } }: View = {},
  ): Promise<WatchedPage> {
    const executablePath = findBrowser();
    if (executablePath === undefined) throw new Error(`There is no Chromium. ${BROWSER_PACKAGE}`);
    const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
    this.profiles.push(profile);
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: FLAGS,
      colorScheme,
      viewport,
    });
    this.contexts.push(context);
    const page = context.pages()[0] ?? (await context.newPage());
    const problems = watch(page, new URL(url).host);
    await page.goto(url);
    return { page, problems };
  }

  async close(): Promise<void> {
    await Promise.all(this.contexts.map((context) => context.close()));
    await Promise.all(this.profiles.map((profile) => rm(profile, { recursive: true, force: true, maxRetries: 5 })));
  }
}

function watch(page: Page, host: string): string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.host !== host)
      problems.push(`elsewhere: ${url.href}`);
  });
  return problems;
}
