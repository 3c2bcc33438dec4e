import { describe, expect, it } from '@jest/globals';
import { resolveClientOptions, type MqttClientOptions } from '../../../lib/options/client-options.js';
import { resolveServerOptions } from '../../../lib/options/server-options.js';
import { problemsOf } from './problems.js';

const observer = { settled: (): void => {} };

describe('observers', () => {
  it('are taken in their order, as a copy', () => {
    const given = [observer, { handle: (_delivery: unknown, run: () => void) => run() }];
    const { observers } = resolveServerOptions({ observers: given }).connection;
    expect(observers).toEqual(given);
    expect(observers).not.toBe(given);
  });

  it('one that is given twice is told once: by options and by MQTT_OBSERVERS, or two calls of mqttMetrics()', () => {
    const other = { ...observer };
    expect(resolveServerOptions({ observers: [observer, other, observer] }).connection.observers).toEqual([
      observer,
      other,
    ]);
  });

  it.each<[string, unknown, string]>([
    ['no list', observer, 'observers'],
    ['no object', [observer, 'settled'], 'observers[1]'],
    ['an object without a method of an observer', [{ setled: () => {} }], 'observers[0]'],
    ['a method that is no function', [{ settled: true }], 'observers[0].settled'],
  ])('%s is refused, by server and client', (_title, observers, option) => {
    for (const resolve of [resolveServerOptions, resolveClientOptions]) {
      expect(problemsOf(() => resolve({ observers } as MqttClientOptions))).toEqual([option]);
    }
  });
});
