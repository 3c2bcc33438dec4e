import { describe, expect, it } from '@jest/globals';
import * as semconv from '@opentelemetry/semantic-conventions/incubating';
import {
  Attribute,
  CONVENTIONS_VERSION,
  Metric,
  MqttAttribute,
  MqttEvent,
  MqttEventAttribute,
  OperationType,
  SCHEMA_URL,
  SYSTEM,
} from '../../../lib/otel/conventions.js';

const published = semconv as Readonly<Record<string, unknown>>;

const valuesOf = (prefix: string): unknown[] =>
  Object.entries(published)
    .filter(([name]) => name.startsWith(prefix))
    .map(([, value]) => value);

describe(`the names of OpenTelemetry's conventions ${CONVENTIONS_VERSION}`, () => {
  it('are of the version that the schema names, and whose package they are compared with', async () => {
    const manifest = (await import('../../../package.json', { with: { type: 'json' } })).default;
    expect(manifest.devDependencies['@opentelemetry/semantic-conventions']).toBe(CONVENTIONS_VERSION);
    expect(SCHEMA_URL).toBe(`https://opentelemetry.io/schemas/${CONVENTIONS_VERSION}`);
  });

  it.each(Object.values(Attribute))('attribute %s', (name) => {
    expect(valuesOf('ATTR_')).toContain(name);
  });

  it.each(Object.values(Metric))('metric %s', (name) => {
    expect(valuesOf('METRIC_')).toContain(name);
  });

  it.each(Object.values(OperationType))('operation type %s', (name) => {
    expect(valuesOf('MESSAGING_OPERATION_TYPE_VALUE_')).toContain(name);
  });

  it.each([...Object.values(MqttAttribute), ...Object.values(MqttEvent), ...Object.values(MqttEventAttribute)])(
    '%s, which is of this system, stands below its name, and is none of theirs',
    (name) => {
      expect(name.startsWith(`messaging.${SYSTEM}.`)).toBe(true);
      expect(valuesOf('ATTR_')).not.toContain(name);
    },
  );

  it('have no value for MQTT yet', () => {
    expect(valuesOf('MESSAGING_SYSTEM_VALUE_')).not.toContain(SYSTEM);
  });
});
