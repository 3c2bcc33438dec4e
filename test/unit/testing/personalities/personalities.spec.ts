import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/index.js';
import { MqttBroker, type BrokerPersonality } from '../../../../lib/testing/index.js';
import { optionsOf, PERSONALITIES } from '../../../../lib/testing/personalities/personalities.js';
import { resolveBrokerOptions } from '../../../../lib/testing/resolve-broker-options.js';

const NAMES = Object.keys(PERSONALITIES) as BrokerPersonality[];
const PAGE = readFileSync(new URL('../../../../docs/guide/testing.md', import.meta.url), 'utf8');

describe.each(NAMES)('the personality %s', (behavesLike) => {
  const traits = PERSONALITIES[behavesLike];

  it('is made of options, each given once, with its source', () => {
    const names = traits.flatMap(({ options }) => Object.keys(options));
    expect(new Set(names).size).toBe(names.length);
    for (const { options, source } of traits) {
      expect(Object.keys(options)).toHaveLength(1);
      expect(source).toMatch(/measured on|docs|github|conf|learn|repost|HiveMQ/);
    }
  });

  it('each of its options differs from the default: the others would say nothing', () => {
    const defaults = resolveBrokerOptions({}) as unknown as Record<string, unknown>;
    const same = Object.entries(optionsOf(behavesLike)).filter(([name, value]) => defaults[name] === value);
    expect(same).toEqual([]);
  });

  it('sets the options, unless they are given', () => {
    const options = optionsOf(behavesLike);
    expect(resolveBrokerOptions({ behavesLike })).toMatchObject(options);
    const defaults = { maximumQoS: 2, receiveMaximum: 7, overlap: 'merge', keepsQuotaAfterRefusal: false } as const;
    expect(resolveBrokerOptions({ behavesLike, ...defaults })).toMatchObject({ ...options, ...defaults });
    expect(resolveBrokerOptions({ behavesLike, maximumQoS: undefined })).toMatchObject(options);
  });

  it('is accepted by the options’ own checks', () => {
    expect(() => resolveBrokerOptions(optionsOf(behavesLike))).not.toThrow();
    expect(() => new MqttBroker({ behavesLike })).not.toThrow();
  });

  it('has a row for each option in docs/guide/testing.md', () => {
    const [, section = ''] = PAGE.split(`\n| \`'${behavesLike}'\``);
    const row = section.split('\n')[0]!;
    for (const name of Object.keys(optionsOf(behavesLike))) expect(row).toContain(`\`${name}`);
  });
});

describe('options of the broker', () => {
  it('one that behaves like nobody knows it', () => {
    expect(() => new MqttBroker({ behavesLike: 'rabbit' as never })).toThrow(InvalidOptionsError);
  });

  it('names all deviations that are wrong, at once', () => {
    const wrong = {
      copyIdentifiers: 'none',
      maximumFiltersPerSubscribe: 0,
      maximumKeepAlive: 70_000,
      malformedPuback: 1,
      sharedSubscriptionsOn311: 'no',
    };
    const error = problemOf(() => new MqttBroker(wrong as never));
    for (const name of Object.keys(wrong)) expect(error.message).toContain(name);
  });
});

function problemOf(attempt: () => unknown): Error {
  try {
    attempt();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was wrong');
}
