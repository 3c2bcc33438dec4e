import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { OutboundTopicAliases, type TopicAlias } from '../../../../lib/wire/outbound/outbound-topic-aliases.js';

/** The broker's end: what it takes a message for. */
class Broker {
  private readonly topics = new Map<number, string>();

  topicOf(topic: string, { alias, known }: TopicAlias): string | undefined {
    if (!known) this.topics.set(alias, topic);
    return this.topics.get(alias);
  }
}

/** Writes a message to the topic. */
function write(aliases: OutboundTopicAliases, topic: string): TopicAlias {
  const alias = aliases.aliasOf(topic);
  aliases.markSet(topic, alias);
  return alias;
}

describe('OutboundTopicAliases (section 3.3.2.3.4)', () => {
  it('tells a topic once, and leaves it out from then on', () => {
    const aliases = new OutboundTopicAliases(10);
    expect(write(aliases, 'a')).toEqual({ alias: 1, known: false });
    expect(write(aliases, 'b')).toEqual({ alias: 2, known: false });
    expect(write(aliases, 'a')).toEqual({ alias: 1, known: true });
  });

  it('gives the alias that was used longest ago to a new topic', () => {
    const aliases = new OutboundTopicAliases(2);
    for (const topic of ['a', 'b', 'a']) write(aliases, topic);
    expect(write(aliases, 'c')).toEqual({ alias: 2, known: false });
    expect(write(aliases, 'a')).toEqual({ alias: 1, known: true });
    expect(write(aliases, 'b')).toEqual({ alias: 2, known: false });
  });

  it.each([1, 2])('gives none of %i to a message that could not be written', (maximum) => {
    const aliases = new OutboundTopicAliases(maximum);
    write(aliases, 'a');
    aliases.aliasOf('b');
    expect(aliases.aliasOf('a')).toEqual({ alias: 1, known: true });
    expect(write(aliases, 'b')).toEqual({ alias: maximum, known: false });
  });

  it('never goes beyond the maximum, and the broker takes every message for what it is [MQTT-3.3.2-9]', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')),
        (maximum, topics) => {
          const aliases = new OutboundTopicAliases(maximum);
          const broker = new Broker();
          for (const topic of topics) {
            const given = write(aliases, topic);
            expect(given.alias).toBeGreaterThanOrEqual(1);
            expect(given.alias).toBeLessThanOrEqual(maximum);
            expect(broker.topicOf(topic, given)).toBe(topic);
          }
        },
      ),
    );
  });
});
