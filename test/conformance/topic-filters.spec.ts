import { describe, expect, it } from '@jest/globals';
import { InvalidTopicError } from '../../lib/errors/invalid-topic.error.js';
import { TopicFilter, topicFilterProblem } from '../../lib/protocol/topic-filter.js';
import { topicNameProblem } from '../../lib/protocol/topic-name.js';
import { TopicFilterTree } from '../../lib/routing/topic-filter-tree.js';

/** [filter, topic, whether it matches] */
type Matching = [filter: string, topic: string, expected: boolean];

/** Tables titled by the statements and sections of the MQTT 5.0 specification that they come from. */
const matching: Record<string, Matching[]> = {
  '4.7.1.2 Multi-level wildcard': [
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/tennis/player1/#', 'sport/tennis/player2', false],
    ['sport/tennis/player1/#', 'sport/tennis/player12', false],
    ['sport/#', 'sport', true],
    ['sport/#', 'sport/', true],
    ['sport/#', 'sports', false],
    ['#', 'sport', true],
    ['#', '/', true],
    ['#', '/finance', true],
    ['sport/tennis/#', 'sport/tennis', true],
  ],
  '4.7.1.3 Single-level wildcard': [
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player2', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+', 'sport', true],
    ['+', 'sport/tennis', false],
    ['+/tennis/#', 'sport/tennis', true],
    ['+/tennis/#', 'sport/tennis/player1', true],
    ['+/tennis/#', 'tennis/player1', false],
    ['sport/+/player1', 'sport/tennis/player1', true],
    ['sport/+/player1', 'sport//player1', true],
    ['sport/+/player1', 'sport/player1', false],
    ['/finance', '/finance', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
  ],
  'MQTT-4.7.2-1 A leading wildcard does not match topics that begin with $': [
    ['#', '$SYS/broker/load', false],
    ['+/monitor/Clients', '$SYS/monitor/Clients', false],
    ['$SYS/#', '$SYS/', true],
    ['$SYS/#', '$SYS', true],
    ['$SYS/#', '$SYS/broker/load', true],
    ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
    ['+', '$SYS', false],
    ['+/#', '$SYS/broker', false],
    ['$SYS', '$SYS', true],
    ['$/+', '$/x', true],
    ['+/$SYS', 'a/$SYS', true],
    ['a/+', 'a/$SYS', true],
    ['a/#', 'a/$SYS', true],
  ],
  '4.7.3 Topic semantics': [
    ['ACCOUNTS', 'ACCOUNTS', true],
    ['ACCOUNTS', 'Accounts', false],
    ['Accounts payable', 'Accounts payable', true],
    ['/finance', 'finance', false],
    ['finance/', 'finance', false],
    ['finance', 'finance/', false],
    ['/', '/', true],
    ['a//b', 'a//b', true],
    ['a//b', 'a/b', false],
  ],
  'MQTT-4.7.3-4 Neither is normalised: equal means equal, character by character': [
    ['caf\u00e9', 'caf\u00e9', true],
    ['caf\u00e9', 'cafe\u0301', false],
    ['\ufeffa', '\ufeffa', true],
    ['\ufeffa', 'a', false],
    ['😀/+', '😀/😀', true],
  ],
  '4.8.2 Shared Subscriptions match by the filter after the group': [
    ['$share/consumer1/sport/tennis/+', 'sport/tennis/player1', true],
    ['$share/consumer1/sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['$share/consumer2/sport/tennis/+', 'sport/tennis/player1', true],
    ['$share/consumer1//finance', '/finance', true],
    ['$share/consumer1//finance', 'finance', false],
    ['$share/consumer1/$SYS/#', '$SYS/broker', true],
    ['$share/consumer1/#', '$SYS/broker', false],
  ],
};

describe.each(Object.entries(matching))('%s', (_title, rows) => {
  it.each(rows)('%j and the topic %j: %j', (text, topic, expected) => {
    const filter = TopicFilter.parse(text);
    expect(filter.matches(topic)).toBe(expected);
    const tree = new TopicFilterTree<string>();
    tree.add(filter, text);
    expect(tree.match(topic)).toEqual(expected ? [text] : []);
  });
});

const AT_MOST = 'x'.repeat(65_535);
const TOO_LONG = 'x'.repeat(65_536);

const filtersThat: Record<string, { valid?: string[]; invalid?: string[] }> = {
  'MQTT-4.7.1-1 # is the last level and fills it': {
    valid: ['#', 'sport/tennis/#', '/#', '+/#'],
    invalid: ['sport/tennis#', 'sport/tennis/#/ranking', '#/', '##', 'a/#b', '#a', 'a/##', '#/#'],
  },
  'MQTT-4.7.1-2 + fills a level': {
    valid: ['+', '+/tennis/#', 'sport/+/player1', '/+', '+/', '+/+'],
    invalid: ['sport+', '+sport', 'sport/+a/x', '++', 'a/+b', '+#', '#+', 'a/+#'],
  },
  'MQTT-4.7.3-1 At least one character': { valid: ['a', '/', ' '], invalid: [''] },
  'MQTT-4.7.3-2 No null character': {
    valid: ['\u0001'],
    invalid: ['\0', 'a\0b', 'a/\0', '$share/g/a\0', '$share/g\0/a'],
  },
  'MQTT-1.5.4-1 No lone surrogates': {
    valid: ['\ud83d\ude00'],
    invalid: ['\ud83d', '\ude00', 'a/\ud800/b', '\ude00\ud83d', '$share/\ud800/a'],
  },
  'MQTT-4.7.3-3 No more than 65,535 bytes': {
    valid: [AT_MOST, '€'.repeat(21_845), '/'.repeat(65_535)],
    invalid: [TOO_LONG, `${'€'.repeat(21_845)}x`, `$share/g/${AT_MOST}`],
  },
  'MQTT-4.8.2-1 A ShareName of at least one character': {
    valid: ['$share/g/a', '$share/ /a', '$shared/a', '$SHARE//a', 'share//a'],
    invalid: ['$share', '$share/', '$share//', '$share//a', '$share//a/b', '$share///'],
  },
  'MQTT-4.8.2-2 A ShareName without / + #, and a filter after it': {
    valid: ['$share/g//', '$share/g/#', '$share/g/+', '$share/g/$share/a'],
    invalid: [
      '$share/g',
      '$share/g/',
      '$share/+/a',
      '$share/#/a',
      '$share/g+/a',
      '$share/#',
      '$share/+',
      '$share/g#/a',
    ],
  },
  '4.8.2 The filter after the group keeps the rules of section 4.7': {
    invalid: ['$share/g/a#', '$share/g/#/a', '$share/g/a+', '$share/g/+b'],
  },
};

describe('Topic Filters', () => {
  describe.each(Object.entries(filtersThat))('%s', (_title, { valid = [], invalid = [] }) => {
    it.each([...valid.map((text) => [shown(text), text, true]), ...invalid.map((text) => [shown(text), text, false])])(
      '%s',
      (_, text, expected) => {
        expect(topicFilterProblem(text as string) === undefined).toBe(expected);
        expect(parsed(text as string)).toBe(expected ? text : InvalidTopicError);
      },
    );
  });
});

const namesThat: Record<string, { valid?: string[]; invalid?: string[] }> = {
  'MQTT-3.3.2-2 No wildcards': {
    valid: ['a/b', '/', '/finance', '$SYS/x', '$share/g/a', '$share', 'a b', '*', 'a/'],
    invalid: ['#', '+', 'a/+', 'a/#', 'a+b', 'a#'],
  },
  'MQTT-4.7.3-1 At least one character': { invalid: [''] },
  'MQTT-4.7.3-2 No null character': { valid: ['\u0001'], invalid: ['\0', 'a/\0/b'] },
  'MQTT-1.5.4-1 No lone surrogates': { valid: ['\ud83d\ude00'], invalid: ['\ud83d', 'x\udc00'] },
  'MQTT-4.7.3-3 No more than 65,535 bytes': {
    valid: [AT_MOST, '€'.repeat(21_845)],
    invalid: [TOO_LONG, `${'€'.repeat(21_845)}x`],
  },
};

describe('Topic Names', () => {
  describe.each(Object.entries(namesThat))('%s', (_title, { valid = [], invalid = [] }) => {
    it.each([...valid.map((text) => [shown(text), text, true]), ...invalid.map((text) => [shown(text), text, false])])(
      '%s',
      (_, text, expected) => {
        expect(topicNameProblem(text as string) === undefined).toBe(expected);
      },
    );
  });
});

/** The text of the filter, or the class of the error that it is refused with. */
function parsed(text: string): unknown {
  try {
    return TopicFilter.parse(text).text;
  } catch (error) {
    return (error as Error).constructor;
  }
}

/** Long texts are told apart by their ends and lengths. */
function shown(text: string): string {
  const json = JSON.stringify(text);
  return json.length > 40 ? `${json.slice(0, 16)}...${json.slice(-8)} (${text.length} characters)` : json;
}
