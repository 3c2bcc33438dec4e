import { describe, expect, it } from '@jest/globals';
import { InboundTopicAliases } from '../../../../lib/wire/inbound/inbound-topic-aliases.js';
import { violation } from './support/frames.js';

describe('InboundTopicAliases (section 3.3.2.3.4)', () => {
  it('gives the Topic Name that an alias was set to, the latest one', () => {
    const aliases = new InboundTopicAliases(2);
    expect(aliases.resolve('a', 1)).toBe('a');
    expect(aliases.resolve('b', 2)).toBe('b');
    expect(aliases.resolve('', 1)).toBe('a');
    expect(aliases.resolve('c', 1)).toBe('c');
    expect(aliases.resolve('', 1)).toBe('c');
    expect(aliases.resolve('', 2)).toBe('b');
  });

  it.each([[''], ['a']])('[MQTT-3.3.2-8] refuses alias 0 with the Topic Name "%s"', (topic) => {
    expect(() => new InboundTopicAliases(2).resolve(topic, 0)).toThrow(violation(0x94, /MQTT-3\.3\.2-8/));
  });

  it.each([[''], ['a']])('[MQTT-3.3.2-11] refuses an alias above the maximum with the Topic Name "%s"', (topic) => {
    expect(() => new InboundTopicAliases(2).resolve(topic, 3)).toThrow(violation(0x94, /3.*2.*MQTT-3\.3\.2-11/));
    expect(() => new InboundTopicAliases(0).resolve(topic, 1)).toThrow(violation(0x94));
  });

  it('3.3.2.3.4 refuses an alias that was not set', () => {
    expect(() => new InboundTopicAliases(2).resolve('', 1)).toThrow(violation(0x82, /3\.3\.2\.3\.4/));
  });
});
