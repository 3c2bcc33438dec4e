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
    hooks: { process: 'x' },
  } as unknown as MqttTelemetryOptions;
  expect(problemsOf(() => mqttTelemetry(wrong))).toEqual([
    'parent',
    'trustIncoming',
    'isExpected',
    'ignore',
    'captureUserProperties[0]',
    'hooks.process',
  ]);
});

it('does nothing, and harms nothing, where no SDK is registered', () => {
  expect(() => mqttTelemetry()).not.toThrow();
});
