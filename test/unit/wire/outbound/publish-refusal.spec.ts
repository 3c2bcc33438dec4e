import { describe, expect, it } from '@jest/globals';
import { generate } from 'mqtt-packet';
import { InvalidOptionsError } from '../../../../lib/errors/invalid-options.error.js';
import { InvalidTopicError } from '../../../../lib/errors/invalid-topic.error.js';
import { PublishRefusedError } from '../../../../lib/errors/publish-refused.error.js';
import type { MessageProperties, OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { brokerLimits } from '../../../../lib/wire/connection/broker-limits.js';
import {
  limitRefusal,
  refusalByCode,
  refusalByHangUp,
  sizeOf,
  textRefusal,
} from '../../../../lib/wire/outbound/publish-refusal.js';

function message(changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic: 'a', payload: 'xyz', qos: 1, retain: false, ...changes };
}

/** Limits as a CONNACK with these properties gives them. */
function limits(properties: Parameters<typeof brokerLimits>[0]['properties'] = {}): ReturnType<typeof brokerLimits> {
  return brokerLimits({ cmd: 'connack', sessionPresent: false, properties }, 5);
}

const HUGE = { length: 268_435_456 } as Buffer;

describe('limitRefusal (section 3.2.2.3)', () => {
  it.each([
    ['QoS 2 where the maximum is 1 [MQTT-3.2.2-11]', { maximumQoS: 1 }, { qos: 2 as const }, 0x9b],
    ['QoS 1 where the maximum is 0 [MQTT-3.2.2-11]', { maximumQoS: 0 }, { qos: 1 as const }, 0x9b],
    ['retain where it is not available [MQTT-3.2.2-14]', { retainAvailable: false }, { retain: true }, 0x9a],
    ['more than the Maximum Packet Size [MQTT-3.2.2-15]', { maximumPacketSize: 10 }, {}, 0x95],
    ['more than any packet can hold (section 2.1.4)', {}, { payload: HUGE }, 0x95],
    ['as much, of characters that take three bytes', {}, { payload: '€'.repeat(89_500_000) }, 0x95],
  ])('refuses %s', (_, properties, changes, reasonCode) => {
    const refusal = limitRefusal(message(changes), limits(properties), 5);
    expect(refusal).toBeInstanceOf(PublishRefusedError);
    expect(refusal).toMatchObject({ topic: 'a', reasonCode });
  });

  it.each([
    ['QoS 1 where the maximum is 1', { maximumQoS: 1 }, {}],
    ['retain where it is available', {}, { retain: true }],
    ['no retain where it is not available', { retainAvailable: false }, {}],
    ['as much as the Maximum Packet Size', { maximumPacketSize: 11 }, {}],
    ['a large payload without a Maximum Packet Size', {}, { payload: { length: 100_000_001 } as Buffer }],
  ])('lets %s pass', (_, properties, changes) => {
    expect(limitRefusal(message(changes), limits(properties), 5)).toBeUndefined();
  });

  it('measures what is written: 3.1.1 has no properties', () => {
    const properties = { contentType: 'text/plain' };
    const tight = limits({ maximumPacketSize: 10 });
    expect(limitRefusal(message({ properties }), tight, 4)).toBeUndefined();
    expect(limitRefusal(message({ properties }), tight, 5)).toMatchObject({ reasonCode: 0x95 });
  });
});

describe('sizeOf', () => {
  it.each([4, 5] as const)('is that of the packet, protocol version %i', (protocolVersion) => {
    const sent = message({ payload: 'é'.repeat(200), properties: { contentType: 'text/plain' } });
    const { properties, ...plain } = sent;
    const packet = {
      cmd: 'publish' as const,
      ...plain,
      dup: false,
      messageId: 1,
      ...(protocolVersion === 5 && { properties }),
    };
    expect(sizeOf(sent, protocolVersion)).toBe(generate(packet, { protocolVersion }).length);
  });

  it('is infinite where no packet is as large', () => {
    expect(sizeOf(message({ payload: HUGE }), 5)).toBe(Infinity);
  });
});

describe('the errors', () => {
  it('say the reason code in words', () => {
    expect(refusalByCode('a', 0x87).message).toContain('The message to "a" was refused (0x87 not authorized)');
  });

  it.each([
    [0x97, '0x97 quota exceeded: mqtt://broker closed the connection because of it, twice'],
    [undefined, '0x80 unspecified error: mqtt://broker closed the connection because of it, twice'],
  ])('say which broker ended the connection over it: %j', (reasonCode, expected) => {
    const loss = {
      hangUp: true,
      repeated: true,
      reasonCode,
      broker: 'mqtt://broker',
      protocolVersion: 5 as const,
      suspected: true,
      explained: true,
    };
    const error = refusalByHangUp('a', loss);
    expect(error.message).toContain(expected);
    expect(error.reasonCode).toBe(reasonCode ?? 0x80);
  });
});

describe('textRefusal', () => {
  const FORBIDDEN = 'a\0b';
  const LONE = 'a\ud800b';
  const DISCOURAGED = 'a\u0002b';

  it.each([
    ['the null character [MQTT-1.5.4-2]', FORBIDDEN],
    ['a lone surrogate [MQTT-1.5.4-1]', LONE],
    ['65,536 bytes (section 1.5.4)', 'x'.repeat(65_536)],
  ])('refuses a Topic Name with %s, whatever is allowed', (_, topic) => {
    expect(textRefusal(message({ topic }), 'allow')).toBeInstanceOf(InvalidTopicError);
    expect(textRefusal(message({ topic }), 'refuse')).toBeInstanceOf(InvalidTopicError);
  });

  it.each<[string, MessageProperties, string]>([
    ['Content Type', { contentType: FORBIDDEN }, 'contentType of the message to "a"'],
    ['Response Topic', { responseTopic: LONE }, 'responseTopic of the message to "a"'],
    [
      'name of a User Property',
      { userProperties: { [FORBIDDEN]: 'x' } },
      'userProperties["a\\u0000b"] of the message to "a"',
    ],
    ['value of a User Property', { userProperties: { n: LONE } }, 'userProperties["n"] of the message to "a"'],
    [
      'second value of a User Property',
      { userProperties: { n: ['x', LONE] } },
      'userProperties["n"] of the message to "a"',
    ],
    [
      'User Property that is no text',
      { userProperties: { n: 5 as unknown as string } },
      'userProperties["n"] of the message to "a"',
    ],
    [
      'value of a User Property that is no text',
      { userProperties: { n: ['x', undefined as unknown as string] } },
      'userProperties["n"] of the message to "a"',
    ],
  ])('refuses a %s that cannot be sent, and says which', (_, properties, option) => {
    const refusal = textRefusal(message({ properties }), 'allow');
    expect(refusal).toBeInstanceOf(InvalidOptionsError);
    expect((refusal as InvalidOptionsError).problems).toMatchObject([
      { option, problem: expect.any(String), remedy: expect.any(String) },
    ]);
  });

  it.each<[string, Partial<OutgoingMessage>]>([
    ['Topic Name', { topic: DISCOURAGED }],
    ['Content Type', { properties: { contentType: DISCOURAGED } }],
    ['Response Topic', { properties: { responseTopic: DISCOURAGED } }],
    ['User Property', { properties: { userProperties: { [DISCOURAGED]: 'x' } } }],
    ['value of a User Property', { properties: { userProperties: { n: DISCOURAGED } } }],
  ])('refuses discouraged characters in a %s, unless they are allowed (section 1.5.4)', (_, changes) => {
    expect(textRefusal(message(changes), 'refuse')?.message).toContain('U+0002');
    expect(textRefusal(message(changes), 'allow')).toBeUndefined();
  });

  it('lets pass what can be sent', () => {
    const properties = { contentType: 'text/plain', responseTopic: 'é/🙂', userProperties: { n: ['', 'x'], '': 'y' } };
    expect(textRefusal(message({ properties }), 'refuse')).toBeUndefined();
    expect(textRefusal(message({ properties: { contentType: 'application/json' } }), 'refuse')).toBeUndefined();
    expect(textRefusal(message(), 'refuse')).toBeUndefined();
  });
});
