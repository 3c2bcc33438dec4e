import { describe, expect, it } from '@jest/globals';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Controller, type CanActivate } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { MemoryDeadLetterStore, MqttSubscription } from '../../../lib/index.js';
import type { MqttInspectorOptions } from '../../../lib/inspector/index.js';
import type { ActionResult, KeptLetterPage } from '../../../lib/inspector/views/snapshot.js';
import { logs } from '../../support/logs.js';
import { PLATFORMS, post, snapshotWith, startHouse, type InspectedHouse } from './application.js';

let broken = true;
const seen: unknown[] = [];

@Controller()
class Orders {
  @MqttSubscription({ deadLetter: true, qos: 1 })
  @EventPattern<string>('orders/{id}')
  order(@Payload() order: unknown): void {
    if (broken) throw new Error('the shop is closed');
    seen.push(order);
  }
}

class DeniesAll implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

const ORDER = { id: 1, token: 'x', text: '<b>it</b>' };
const ALL: MqttInspectorOptions = { allow: ['replay', 'discard'], payloads: true };

/** Starts an application with one dead letter per topic. */
async function shop(
  adapter: AbstractHttpAdapter,
  options: MqttInspectorOptions,
  ...topics: string[]
): Promise<InspectedHouse> {
  broken = true;
  seen.length = 0;
  const mqtt = { deadLetters: { store: new MemoryDeadLetterStore() } };
  const house = await startHouse(options, adapter, { controllers: [Orders], mqtt });
  for (const topic of topics) await house.client.publish(topic, ORDER, { qos: 1 });
  if (topics.length > 0) await snapshotWith(house.url, ({ deadLetters }) => deadLetters.all === topics.length);
  return house;
}

async function lettersOf(url: string): Promise<KeptLetterPage> {
  return (await (await fetch(`${url}/letters?store=0`)).json()) as KeptLetterPage;
}

async function act(url: string, action: string, body: object): Promise<ActionResult> {
  return (await (await post(`${url}/${action}`, { store: '0', ...body })).json()) as ActionResult;
}

for (const [platform, adapter] of Object.entries(PLATFORMS)) {
  describe(`kept dead letters on ${platform}`, () => {
    it('are listed newest first, with masked payloads when opened', async () => {
      const { url } = await shop(adapter(), ALL, 'orders/1', 'orders/2');
      const { stores, may } = await snapshotWith(url, () => true);
      expect(stores).toEqual([{ id: '0' }]);
      expect(may).toMatchObject({ replay: true, discard: true });
      const { letters, next } = await lettersOf(url);
      expect(letters.map(({ topic, reason, replays }) => [topic, reason, replays])).toEqual([
        ['orders/2', 'the shop is closed', 0],
        ['orders/1', 'the shop is closed', 0],
      ]);
      expect(next).toBeUndefined();
      expect(JSON.stringify(letters)).not.toContain('<b>');
      const shown = await (await fetch(`${url}/letter?store=0&id=${letters[0]!.id}`)).json();
      expect(JSON.parse((shown as { payload: string }).payload)).toEqual({ ...ORDER, token: '•••' });
    });

    it('are replayed to their handler, which may fail again, and removed when it succeeds', async () => {
      const { url } = await shop(adapter(), ALL, 'orders/1');
      const { id } = (await lettersOf(url)).letters[0]!;
      expect(await act(url, 'replay', { id })).toMatchObject({ ok: false, text: expect.stringContaining('closed') });
      expect((await lettersOf(url)).letters).toMatchObject([{ id, replays: 1 }]);
      broken = false;
      expect(await act(url, 'replay', { id })).toEqual({ ok: true, text: 'Replayed.' });
      expect(seen).toEqual([ORDER]);
      expect((await lettersOf(url)).letters).toEqual([]);
      expect(await act(url, 'replay', { id })).toMatchObject({ ok: false });
      const audit = logs.entries.filter(({ context }) => context === 'MqttInspector').map(({ message }) => message);
      expect(audit).toEqual([
        expect.stringMatching(/^replay of dead letter ".*" by .*: failed$/),
        expect.stringMatching(/^replay of dead letter ".*" by .*: done$/),
        expect.stringMatching(/^replay of dead letter ".*" by .*: failed$/),
      ]);
    });

    it('are replayed all at once', async () => {
      const { url } = await shop(adapter(), ALL, 'orders/1', 'orders/2', 'orders/3');
      broken = false;
      expect(await act(url, 'replay-all', {})).toEqual({
        ok: true,
        text: '3 replayed, 0 failed again, 0 exhausted, 0 skipped.',
      });
      expect(seen).toHaveLength(3);
      expect((await lettersOf(url)).letters).toEqual([]);
    });

    it('are discarded', async () => {
      const { url } = await shop(adapter(), ALL, 'orders/1');
      broken = false;
      const { id } = (await lettersOf(url)).letters[0]!;
      expect(await act(url, 'discard', { id })).toEqual({ ok: true, text: 'Discarded.' });
      expect((await lettersOf(url)).letters).toEqual([]);
      expect(seen).toEqual([]);
    });

    it('are read-only by default, with hidden payloads', async () => {
      const { url } = await shop(adapter(), {}, 'orders/1');
      const { id } = (await lettersOf(url)).letters[0]!;
      const answers = [
        fetch(`${url}/letter?store=0&id=${id}`),
        ...['replay', 'replay-all', 'discard'].map((action) => post(`${url}/${action}`, { store: '0', id })),
      ];
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([403, 403, 403, 403]);
      expect((await lettersOf(url)).letters).toHaveLength(1);
    });

    it('are protected from requests without the header, and by guards', async () => {
      const body = JSON.stringify({ store: '0', id: '1' });
      const headers = { 'content-type': 'application/json' };
      const { url } = await shop(adapter(), ALL, 'orders/1');
      for (const action of ['replay', 'replay-all', 'discard'])
        expect((await fetch(`${url}/${action}`, { method: 'POST', headers, body })).status).toBe(403);
      expect((await lettersOf(url)).letters).toHaveLength(1);
      const denied = await shop(adapter(), { ...ALL, guards: [DeniesAll] });
      for (const path of ['letters?store=0', 'letter?store=0&id=1'])
        expect((await fetch(`${denied.url}/${path}`)).status).toBe(403);
      for (const action of ['replay', 'replay-all', 'discard'])
        expect((await post(`${denied.url}/${action}`, { store: '0', id: '1' })).status).toBe(403);
    });

    it('are not found under unknown names', async () => {
      const { url } = await shop(adapter(), ALL);
      for (const query of ['', 'store=1', 'store=__proto__'])
        expect((await fetch(`${url}/letters?${query}`)).status).toBe(404);
      expect((await fetch(`${url}/letter?store=0&id=none`)).status).toBe(404);
      expect((await post(`${url}/discard`, { store: '0' })).status).toBe(400);
    });
  });
}
