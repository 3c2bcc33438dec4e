import { expect, it } from '@jest/globals';
import { mqttTelemetry, type MqttTelemetryOptions } from '../../../lib/otel/index.js';
import { problemsOf } from '../options/problems.js';

it('reports all that is wrong with its options at once', () => {
  const wrong = {
    parent: 'trace',
    trustIncoming: 'yes',
    isExpected: true,
    ignore: ['a/#'],
    captureUserProperties: [7],
    hooks: { process: 'x', handle: () => {} },
  } as unknown as MqttTelemetryOptions;
  expect(problemsOf(() => mqttTelemetry(wrong))).toEqual([
    'parent',
    'trustIncoming',
    'isExpected',
    'ignore',
    'captureUserProperties[0]',
    'hooks.handle',
    'hooks.process',
  ]);
});

it.each<[unknown, string]>([
  [{ captureProperties: ['tenant'] }, 'captureProperties'],
  ['message', 'the options'],
])('refuses what is no set of its options: %j', (wrong, problem) => {
  expect(problemsOf(() => mqttTelemetry(wrong as MqttTelemetryOptions))).toEqual([problem]);
});

it('does nothing, and harms nothing, where no SDK is registered', () => {
  expect(() => mqttTelemetry()).not.toThrow();
});
