import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Browser, describeInBrowser, type View, type WatchedPage } from '../../support/browser.js';
import { closeAfterTest } from '../../support/closing.js';
import { PLATFORMS, startHouse, subscribed, type InspectedHouse } from './application.js';

const SCREENSHOTS = process.env['SCREENSHOTS'] ?? 'node_modules/.cache/screenshots';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const MARKUP = '<img src=x onerror=document.title=1>';

const ALL_VIEWS: readonly (readonly [string, View])[] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 } }],
];
/** The page is the same on both Nest versions: on Nest 11 one view is enough. */
const VIEWS = (globalThis as { NEST_MAJOR?: number }).NEST_MAJOR === 11 ? ALL_VIEWS.slice(0, 1) : ALL_VIEWS;

/** Accessibility violations that axe finds in the current page. */
async function violations({ page }: WatchedPage): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ html }) => html)
          .join(' ')
          .slice(0, 300)}`,
    );
  });
}

for (const [platform, adapter] of Object.entries(PLATFORMS)) {
  describeInBrowser(`the inspector's page on ${platform}`, () => {
    let browser: Browser;
    beforeAll(() => {
      mkdirSync(SCREENSHOTS, { recursive: true });
      browser = new Browser();
    });
    afterAll(() => browser.close());

    for (const [title, view] of VIEWS) {
      it(`shows live data, and is accessible: ${title}`, async () => {
        const house: InspectedHouse = await startHouse({ payloads: true, allow: ['publish', 'request'] }, adapter());
        await house.client.publish(`house/${MARKUP}/broken`, MARKUP, { qos: 1, userProperties: { [MARKUP]: MARKUP } });
        const watched = await browser.open(house.url, view);
        const { page, problems } = watched;
        closeAfterTest(() => page.context().close()); // before the application closes, which waits for open connections
        const tour = async (name: string, seen: string): Promise<void> => {
          await page.getByRole('navigation').getByRole('link', { name }).click();
          await page.getByText(seen).filter({ visible: true }).first().waitFor();
          expect(await violations(watched)).toEqual([]);
          await page.screenshot({
            path: `${SCREENSHOTS}/inspector-${platform}-${title}-${name.replaceAll(' ', '-')}.png`,
          });
        };
        await tour('Overview', '4 of 4');
        await tour('Handlers', 'house/{room}/temperature');
        await tour('Messages', 'No messages in flight.');
        await tour('Dead letters', `house/${MARKUP}/broken`);
        await page.getByText('Payload', { exact: true }).first().click();
        await page.locator('pre').filter({ hasText: MARKUP, visible: true }).waitFor();
        await tour('Topics', 'Not listening.');
        await page.getByRole('textbox', { name: 'Topic', exact: true }).fill('House/hall/temperature');
        await page.getByText('the case differs').first().waitFor();
        await page.getByLabel('Topic Filter').fill('house/#');
        await page.getByRole('button', { name: 'Listen' }).click();
        await page.getByText('Listening to').waitFor();
        await subscribed(house.client);
        await house.client.publish(`house/${MARKUP}/elsewhere`, MARKUP, { qos: 1 });
        await page.getByText(`house/${MARKUP}/elsewhere`).waitFor();
        await page.getByText('no handler here').waitFor();
        await tour('Send', 'Send a message');
        await page.getByRole('combobox', { name: 'Handler' }).selectOption('house/{room}/heat (request)');
        await page.getByText('Heats a room').waitFor();
        await page.getByRole('textbox', { name: 'room' }).fill('hall');
        await page.getByRole('spinbutton', { name: 'celsius' }).fill('22.5');
        await page.getByRole('combobox', { name: 'mode' }).selectOption('full');
        expect(await violations(watched)).toEqual([]);
        await page.screenshot({ path: `${SCREENSHOTS}/inspector-${platform}-${title}-Form.png` });
        await page.getByRole('button', { name: 'Request' }).click();
        await page.getByText('Replied after').waitFor();
        expect(JSON.parse(await page.getByLabel('Reply').innerText())).toEqual({
          room: 'hall',
          celsius: 22.5,
          mode: 'full',
        });
        expect(await page.title()).toBe('Send – MQTT inspector');
        expect(await page.locator('img').count()).toBe(0);
        expect(problems).toEqual([]);
      }, 60_000);
    }
  });
}
