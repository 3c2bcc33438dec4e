import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { Page } from 'playwright-core';
import { MemoryDeadLetterStore, MqttSubscription } from '../../../lib/index.js';
import { Browser, describeInBrowser } from '../../support/browser.js';
import { closeAfterTest } from '../../support/closing.js';
import { startHouse, type InspectedHouse } from './application.js';

const VIEWS = ['Overview', 'Handlers', 'Messages', 'Dead letters', 'Topics', 'Send'];
/** Limit of Tab presses to reach an element. */
const MOST_PRESSES = 80;

const stuck: (() => void)[] = [];

@Controller()
class Stuck {
  @MqttSubscription({ qos: 1 })
  @EventPattern<string>('stuck/{id}')
  stuck(): Promise<void> {
    return new Promise((resolve) => stuck.push(resolve));
  }
}

@Controller()
class Slow {
  @EventPattern<string>('slow/{id}')
  async slow(): Promise<void> {
    await sleep(20);
  }
}

let failing = true;

@Controller()
class Failing {
  @MqttSubscription({ qos: 1, deadLetter: true })
  @EventPattern<string>('failing/{id}')
  fail(): void {
    if (failing) throw new Error('it has failed');
  }
}

describeInBrowser("the inspector's page in use", () => {
  let browser: Browser;
  beforeAll(() => {
    browser = new Browser();
  });
  afterAll(() => browser.close());

  async function open({ url }: InspectedHouse, query = ''): Promise<{ page: Page; problems: string[] }> {
    const watched = await browser.open(`${url}${query}`);
    closeAfterTest(() => watched.page.context().close()); // before the application closes, which waits for open connections
    return watched;
  }

  it('is usable by keyboard: every view and every control is reachable', async () => {
    const house = await startHouse({ allow: ['publish', 'request'], payloads: true });
    await house.client.publish('house/hall/broken', 'it', { qos: 1 });
    const { page, problems } = await open(house);
    await page.getByText('4 of 4').waitFor();

    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');

    for (const view of VIEWS) {
      await page.evaluate('document.activeElement.blur()');
      await tabTo(page, view);
      await page.keyboard.press('Enter');
      await page.locator('nav a[aria-current]', { hasText: view }).waitFor();
      const reached = await reachableFromHere(page);
      const all = await page.evaluate<string[]>(
        `[...document.querySelectorAll('main :is(input, select, textarea, button, summary, a, [tabindex="0"])')]
          .filter((each) => each.checkVisibility() && !each.disabled).map((each) => each.outerHTML.slice(0, 80))`,
      );
      expect(all.filter((each) => !reached.includes(each))).toEqual([]);
    }

    await tabTo(page, 'any topic'); // the handlers to choose from
    await page.keyboard.type('house/{room}/heat');
    await page.getByText('Heats a room').waitFor();
    await tabTo(page, 'room');
    await page.keyboard.type('attic');
    await tabTo(page, 'Request');
    await page.keyboard.press('Enter');
    await page.getByText('Replied after').waitFor();
    expect(JSON.parse(await page.getByLabel('Reply').innerText())).toEqual({ room: 'attic', celsius: 21, mode: 'eco' });
    expect(problems).toEqual([]);
  }, 60_000);

  it('says what fills the window while the broker delivers nothing', async () => {
    const house = await startHouse({}, undefined, { controllers: [Stuck], mqtt: { maxConcurrency: 2 } });
    const delivered: string[] = [];
    house.broker.on('deliver', ({ packet }) => delivered.push(packet.topic));
    const { page } = await open(house);
    await page.getByText('1 of 1').waitFor();
    for (const id of [1, 2, 3]) await house.client.publish(`stuck/${id}`, id, { qos: 1 });
    await page.getByText('Delivery is blocked: 2 of 2 messages fill the window: 2 unsettled').waitFor();
    expect(delivered).toEqual(['stuck/1', 'stuck/2']);
    await page.getByRole('link', { name: 'Messages' }).click();
    await page.getByText('stuck/2').filter({ visible: true }).waitFor();
    for (const id of [1, 2, 3]) {
      await page.getByText(`stuck/${id}`).filter({ visible: true }).waitFor();
      stuck.shift()!();
    }
    await page.getByText('No messages in flight.').waitFor();
    expect(delivered).toEqual(['stuck/1', 'stuck/2', 'stuck/3']);
  }, 60_000);

  it('does not move under more than 1,000 messages a second, and says that it samples', async () => {
    const house = await startHouse({}, undefined, { controllers: [Slow] });
    const { page, problems } = await open(house, '?view=messages');
    await page.getByText('live, every message').waitFor();
    const before = await places(page, 'h2');
    const flood = new Flood(house);
    closeAfterTest(() => flood.end());
    await page.getByText(/live, sampling 1 in \d+ messages/).waitFor();
    await page.getByRole('table', { name: 'Messages in flight' }).getByText('slow/').first().waitFor();
    expect(await places(page, 'h2')).toEqual(before);
    await page.getByRole('link', { name: 'Handlers' }).click();
    await page.getByText('slow/{id}').filter({ visible: true }).first().waitFor();
    const handlers = await places(page, 'h2, th');
    const text = await page.locator('main').innerText();
    while ((await page.locator('main').innerText()) === text); // wait for a change
    expect(await places(page, 'h2, th')).toEqual(handlers);
    expect(problems).toEqual([]);
  }, 60_000);

  it('replays dead letters, and discards them after a confirmation', async () => {
    failing = true;
    const mqtt = { deadLetters: { store: new MemoryDeadLetterStore() } };
    const allow = ['replay', 'discard'] as const;
    const house = await startHouse({ allow, payloads: true }, undefined, { controllers: [Failing], mqtt });
    for (const id of [1, 2]) await house.client.publish(`failing/${id}`, { id }, { qos: 1 });
    const { page, problems } = await open(house, '?view=dead-letters');
    const kept = page.getByRole('table', { name: 'Kept dead letters' });
    await kept.getByText('failing/2', { exact: true }).waitFor();
    await kept.getByLabel('Payload of failing/2').click();
    await kept.getByText('"id": 2').waitFor();
    await kept.getByRole('button', { name: 'Replay failing/1' }).click();
    await page.getByText('it has failed').first().waitFor();
    failing = false;
    await kept.getByRole('button', { name: 'Replay failing/1' }).click();
    await page.getByText('Replayed.', { exact: true }).waitFor();
    await kept.getByText('failing/1', { exact: true }).waitFor({ state: 'detached' });
    await kept.getByRole('button', { name: 'Discard failing/2' }).click();
    await kept.getByRole('button', { name: 'Confirm discard failing/2' }).click();
    await page.getByText('Discarded.', { exact: true }).waitFor();
    await page.getByText('No dead letters are kept.').waitFor();
    expect(problems).toEqual([]);
  }, 60_000);

  it('keeps its state in the URL, also after a reload', async () => {
    const house = await startHouse();
    const { page } = await open(house);
    await page.getByRole('link', { name: 'Handlers' }).click();
    await page.getByLabel('Filter').filter({ visible: true }).fill('broken');
    await page.getByText('house/{room}/temperature').filter({ visible: true }).waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?view=handlers&handler=broken');
    await page.reload();
    await page.getByText('house/{room}/broken').filter({ visible: true }).first().waitFor();
    expect(await page.getByText('house/{room}/temperature').filter({ visible: true }).count()).toBe(0);
    expect(await page.title()).toBe('Handlers – MQTT inspector');
  }, 60_000);

  it('shows times in the locale, and the exact value on hover', async () => {
    const house = await startHouse();
    await house.client.publish('house/hall/broken', 'it', { qos: 1 });
    const { page } = await open(house, '?view=dead-letters');
    const time = page.locator('td.fix span').filter({ visible: true }).first();
    await time.waitFor();
    const exact = (await time.getAttribute('title'))!;
    expect(exact).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(await time.innerText()).toBe(await page.evaluate((at) => new Date(at).toLocaleTimeString(), exact));
  }, 60_000);
});

/** Publishes thousands of messages a second until it is ended. */
class Flood {
  private over = false;
  private readonly published: Promise<void>;

  constructor(house: InspectedHouse) {
    this.published = this.publish(house);
  }

  async end(): Promise<void> {
    this.over = true;
    await this.published;
  }

  private async publish({ client }: InspectedHouse): Promise<void> {
    for (let i = 0; !this.over; i++) {
      const written = client.publish(`slow/${i}`, i);
      if (i % 400 > 0) continue;
      await written;
      await sleep(50);
    }
  }
}

/** Positions of elements, such as headings and table columns. */
function places(page: Page, selector: string): Promise<unknown> {
  return page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})]
    .filter((each) => each.checkVisibility())
    .map((each) => { const { x, y } = each.getBoundingClientRect(); return [each.firstChild.textContent, Math.round(x), Math.round(y)]; })`);
}

/** The text of the focused element and of its label. */
function focused(page: Page): Promise<string> {
  return page.evaluate(`(() => { const at = document.activeElement;
    const texts = [at.getAttribute('aria-label'), ...[...(at.labels ?? [])].map((label) => label.textContent), at.textContent];
    return texts.filter(Boolean).join(' '); })()`);
}

async function tabTo(page: Page, text: string): Promise<void> {
  for (let i = 0; i < MOST_PRESSES; i++) {
    await page.keyboard.press('Tab');
    if ((await focused(page)).includes(text)) return;
  }
  throw new Error(`${text} is not reachable with the Tab key`);
}

/** All elements that the Tab key reaches up to the end of the page. Each must have a visible outline. */
async function reachableFromHere(page: Page): Promise<string[]> {
  const reached: string[] = [];
  for (let i = 0; i < MOST_PRESSES; i++) {
    await page.keyboard.press('Tab');
    const [html, outline] = await page.evaluate<[string, string]>(
      `[document.activeElement.outerHTML.slice(0, 80), getComputedStyle(document.activeElement).outlineStyle]`,
    );
    if (html.startsWith('<body')) break;
    expect([html, outline]).toEqual([html, expect.not.stringMatching(/^none$/)]);
    reached.push(html);
  }
  return reached;
}
