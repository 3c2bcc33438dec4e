import { describe, expect, it } from '@jest/globals';
import type { CanActivate } from '@nestjs/common';
import { PLATFORMS, post, snapshotWith, startHouse } from './application.js';

class DeniesAll implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

const PATHS = [
  '',
  '/snapshots',
  '/tail?filter=%23',
  '/tail-check?filter=%23',
  '/explain?topic=a',
  '/form?handler=c1-0',
  '/dead-letter?id=1',
];
const MARKUP = '<img src=x onerror=alert(1)>';

for (const [platform, adapter] of Object.entries(PLATFORMS)) {
  describe(`the inspector on ${platform}`, () => {
    it('is protected by its guard at every URL', async () => {
      const { url } = await startHouse({ guards: [DeniesAll], allow: ['publish', 'request'] }, adapter());
      const answers = [
        ...PATHS.map((path) => fetch(`${url}${path}`)),
        post(`${url}/publish`, {}),
        post(`${url}/request`, {}),
      ];
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 403));
    });

    it('is served with a policy that allows no other script, style or host', async () => {
      const { url } = await startHouse({}, adapter());
      const response = await fetch(url);
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+';/);
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      const page = await response.text();
      expect(page.length).toBeLessThan(100_000);
      expect(page).not.toMatch(/ on\w+=|javascript:/);
    });

    it('is read-only by default', async () => {
      const { url } = await startHouse({}, adapter());
      const message = { topic: 'house/hall/temperature', payload: 1 };
      expect((await post(`${url}/publish`, message)).status).toBe(403);
      expect((await post(`${url}/request`, message)).status).toBe(403);
      expect((await fetch(`${url}/form?handler=c1-0`)).status).toBe(403);
    });

    it('refuses forged requests: without the header, or from a form', async () => {
      const { url } = await startHouse({ allow: ['publish'] }, adapter());
      const body = JSON.stringify({ topic: 'house/hall/temperature', payload: 1 });
      const forged = [
        { 'content-type': 'application/json' },
        { 'content-type': 'text/plain', 'x-mqtt-inspector': '1' },
      ];
      for (const headers of forged)
        expect(
          (await fetch(`${url}/publish`, { method: 'POST', headers: headers as Record<string, string>, body })).ok,
        ).toBe(false);
    });

    it('publishes and sends requests if allowed, and hides the reply', async () => {
      const { url, client } = await startHouse({ allow: ['publish', 'request'] }, adapter());
      const heard = client.messages<number>('house/hall/temperature')[Symbol.asyncIterator]();
      const first = heard.next();
      await client.publish('house/hall/temperature', 0, { qos: 1 });
      await first;
      const published = await post(`${url}/publish`, { topic: 'house/hall/temperature', payload: 21, qos: 1 });
      expect(await published.json()).toEqual({ ok: true, text: 'Acknowledged by the broker.' });
      expect((await heard.next()).value).toMatchObject({ data: 21 });
      await heard.return?.();
      const asked = (await (await post(`${url}/request`, { topic: 'house/hall/state', payload: {} })).json()) as {
        text: string;
      };
      expect(asked).toEqual({ ok: true, text: expect.stringMatching(/^Replied after/) });
      for (const wrong of [
        {},
        { topic: 'a' },
        { topic: 'a', payload: 1, qos: 3 },
        { topic: 'a', payload: 1, retain: 'x' },
      ])
        expect((await post(`${url}/publish`, wrong)).status).toBe(400);
    });

    it('shows payloads only when opened, with values masked', async () => {
      const { url, client } = await startHouse({ payloads: { mask: ['pin'] }, allow: ['request'] }, adapter());
      await client.publish(
        'house/hall/broken',
        { pin: 1234, token: 'abc', why: MARKUP },
        { qos: 1, userProperties: { secret: 's' } },
      );
      const { deadLetters } = await snapshotWith(url, (snapshot) => snapshot.deadLetters.all > 0);
      expect(JSON.stringify(deadLetters)).not.toContain('1234');
      const { payload, userProperties } = (await (
        await fetch(`${url}/dead-letter?id=${deadLetters.shown[0]!.id}`)
      ).json()) as { payload: string; userProperties: [string, string][] };
      expect(JSON.parse(payload)).toEqual({ pin: '•••', token: '•••', why: MARKUP });
      expect(userProperties).toContainEqual(['secret', '•••']);
      const { reply } = (await (await post(`${url}/request`, { topic: 'house/hall/state', payload: {} })).json()) as {
        reply: string;
      };
      expect(JSON.parse(reply)).toEqual({ on: true, password: '•••' });
    });

    it('does not return hidden payloads', async () => {
      const { url, client } = await startHouse({}, adapter());
      await client.publish('house/hall/broken', 'it', { qos: 1 });
      const { deadLetters } = await snapshotWith(url, (snapshot) => snapshot.deadLetters.all > 0);
      const answer = await fetch(`${url}/dead-letter?id=${deadLetters.shown[0]!.id}`);
      await answer.text(); // an unread response keeps the connection open, and with it the application
      expect(answer.status).toBe(403);
    });

    it('says what is not there', async () => {
      const { url } = await startHouse({ payloads: true, allow: ['publish'] }, adapter());
      const asked: [Promise<Response>, number, RegExp][] = [
        [fetch(`${url}/explain`), 400, /topic/],
        [fetch(`${url}/form?handler=none`), 404, /handler/],
        [fetch(`${url}/dead-letter?id=7`), 404, /kept/],
        [post(`${url}/destroy`, {}), 404, /action/],
        [post(`${url}/publish`, { topic: 'a', payload: 1, broker: 'plant' }), 404, /no client of this broker/],
      ];
      for (const [answer, status, says] of asked) {
        const response = await answer;
        expect(response.status).toBe(status);
        expect(((await response.json()) as { message: string }).message).toMatch(says);
      }
    });

    it('records failures while the page is not open, and follows no message', async () => {
      const { url, client } = await startHouse({}, adapter());
      await client.publish('house/hall/temperature', 1, { qos: 1 });
      await client.publish('house/hall/broken', 'the lamp', { qos: 1 });
      const { handlers, messages, deadLetters } = await snapshotWith(url, (snapshot) => snapshot.deadLetters.all > 0);
      expect(handlers.shown.map(({ failures, rate }) => [failures, rate])).toEqual([
        [0, undefined],
        [1, undefined],
        [0, undefined],
        [0, undefined],
      ]);
      expect(handlers.shown.map(({ qosWanted, qosGranted }) => [qosWanted, qosGranted])).toEqual([
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]);
      expect(messages.all).toBe(0);
      expect(deadLetters.shown[0]).toMatchObject({ topic: 'house/hall/broken', deadLetterTopic: 'house/failed' });
    });
  });
}
