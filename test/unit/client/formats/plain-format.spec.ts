import { describe, expect, it } from '@jest/globals';
import { MessageComposer } from '../../../../lib/client/message-composer.js';
import { CorrelationData } from '../../../../lib/client/requests/correlation-data.js';
import { PlainFormat } from '../../../../lib/client/formats/plain-format.js';
import { Request } from '../../../../lib/client/requests/request.js';
import { resolveClientOptions, type MqttClientOptions } from '../../../../lib/options/client-options.js';
import type { MqttRecordOptions } from '../../../../lib/records/mqtt-record.js';
import { defaultCodec } from '../../../../lib/serialization/codecs.js';

const MAX_SECONDS = 0xffff_ffff;

function expiryOf(remainingMs: number, options: MqttRecordOptions = {}, client: MqttClientOptions = {}) {
  const composer = new MessageComposer(resolveClientOptions(client), defaultCodec);
  const format = new PlainFormat(composer, defaultCodec, new CorrelationData());
  const call = { pattern: 'a', topic: 'a', data: 1, options };
  const nobody = { next: () => {}, error: () => {}, complete: () => {} };
  const request = new Request(call, Infinity, nobody, { timedOut: () => {}, ended: () => {}, observerThrew: () => {} });
  request.responseTopic = 'inbox';
  return format.compose(request, remainingMs).properties?.messageExpiryInterval;
}

describe('the Message Expiry Interval of a request', () => {
  it.each<[number, number | undefined]>([
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [MAX_SECONDS * 1_000, MAX_SECONDS],
    [MAX_SECONDS * 1_000 + 1, MAX_SECONDS],
    [Number.MAX_SAFE_INTEGER, MAX_SECONDS],
    [Infinity, undefined],
  ])('with %d ms left is %j s', (remainingMs, expected) => {
    expect(expiryOf(remainingMs)).toBe(expected);
  });

  it('is what the message says, or what holds for all messages where the request may take any time', () => {
    expect(expiryOf(1_000, { messageExpiryInterval: 60 })).toBe(60);
    expect(expiryOf(Infinity, {}, { publishOptions: { messageExpiryInterval: 60 } })).toBe(60);
    expect(expiryOf(1_000, {}, { publishOptions: { messageExpiryInterval: 60 } })).toBe(1);
  });
});
