import { describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import type { ClientMqtt } from '../../../lib/index.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

type Hook = (packet: { metadata?: unknown }) => void;
const setHook = (client: ClientMqtt, hook: Hook): void =>
  (client as unknown as { setOnDispatchHook(hook: Hook): void }).setOnDispatchHook(hook);

const ID: unknown = expect.any(String);
const METADATA = { traceparent: '00-1-2-01' };

describe('what the dispatch hook of Nest 12 attaches', () => {
  it.each([
    ['a request in the envelope, 3.1.1', 4, undefined, { metadata: METADATA }, undefined],
    ['a request in the envelope, 5.0', 5, 'nest', { metadata: METADATA }, METADATA],
    ['a plain request, 5.0', 5, undefined, undefined, METADATA],
  ] as const)('%s', async (_, version, envelope, inEnvelope, asProperties) => {
    const { url } = await startInProcessBroker();
    const seen = await subscribeMqttJs(await connectMqttJs({ url, protocolVersion: version }), 'a');
    const client = createClient({ ...connectionTo(url, version), envelope });
    setHook(client, (packet) => (packet.metadata = METADATA));
    const asked = client.request('a', 1, { timeout: 500 }).catch(() => {});
    const [packet] = await seen.atLeast(1);
    const payload = JSON.parse(String(packet!.payload)) as unknown;
    expect(payload).toEqual(inEnvelope ? { pattern: 'a', data: 1, id: ID, ...inEnvelope } : 1);
    expect({ ...packet!.properties?.userProperties }).toEqual({ ...asProperties });
    await asked;
  });

  it('an event in the envelope carries it, a plain one on 3.1.1 has no place for it', async () => {
    const { url } = await startInProcessBroker();
    const seen = await subscribeMqttJs(await connectMqttJs({ url, protocolVersion: 4 }), 'a');
    for (const envelope of ['nest', 'plain'] as const) {
      const client = createClient({ ...connectionTo(url, 4), envelope });
      setHook(client, (packet) => (packet.metadata = METADATA));
      await firstValueFrom(client.emit('a', 1), { defaultValue: undefined });
    }
    const payloads = (await seen.atLeast(2)).map(({ payload }) => JSON.parse(String(payload)) as unknown);
    expect(payloads).toEqual([{ pattern: 'a', data: 1, metadata: METADATA }, 1]);
  });

  it.each<[string, Hook, RegExp, string[]?]>([
    [
      'throws',
      () => {
        throw new Error('hook broke');
      },
      /hook broke/,
      Array.from({ length: 4 }, () => 'The dispatch hook threw for the message to "a": hook broke'),
    ],
    ['attaches a number', (packet) => (packet.metadata = { a: 7 }), /metadata of the dispatch hook/],
    ['attaches a text', (packet) => (packet.metadata = 'x'), /metadata of the dispatch hook/],
  ])('that %s: every caller gets an error, none of them at once', async (_, hook, says, logged = []) => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    setHook(client, hook);
    const emitted = client.emit('a', 1);
    await expect(firstValueFrom(emitted)).rejects.toThrow(says);
    await expect(firstValueFrom(client.send('a', 1))).rejects.toThrow(says);
    await expect(client.publish('a', 1)).rejects.toThrow(says);
    await expect(client.request('a', 1)).rejects.toThrow(says);
    expect(transportLogs('error').filter((line) => line.startsWith('The dispatch hook threw'))).toEqual(logged);
  });
});
