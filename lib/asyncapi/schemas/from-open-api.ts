import type { JsonSchema } from './json-schema.js';

type Keywords = Readonly<Record<string, unknown>>;

/** Keywords whose values are schemas by name, lists of schemas, or one schema. */
const OF_SCHEMAS = new Set(['properties', 'patternProperties', 'definitions']);
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf']);
const SCHEMA = new Set(['items', 'additionalProperties', 'not']);

/** Converts a schema of OpenAPI 3.0 to JSON Schema: `nullable`, boolean exclusive bounds, `example` and `discriminator` differ. */
export function fromOpenApi(schema: JsonSchema): JsonSchema {
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, exclusiveMinimum, exclusiveMaximum, example, discriminator, ...others } = schema;
  const converted: Record<string, unknown> = mapKeywords(others);
  if (exclusiveMinimum !== undefined) bound(converted, 'minimum', 'exclusiveMinimum', exclusiveMinimum);
  if (exclusiveMaximum !== undefined) bound(converted, 'maximum', 'exclusiveMaximum', exclusiveMaximum);
  if (example !== undefined) converted['examples'] ??= [example];
  if (discriminator !== undefined)
    converted['discriminator'] = (discriminator as Keywords)['propertyName'] ?? discriminator;
  return nullable === true ? orNull(converted) : converted;
}

function mapKeywords(schema: Keywords): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).map(([keyword, value]) => [keyword, mapValue(keyword, value)]));
}

function mapValue(keyword: string, value: unknown): unknown {
  if (SCHEMA.has(keyword)) return fromOpenApi(value as JsonSchema);
  if (SCHEMA_LISTS.has(keyword)) return (value as JsonSchema[]).map(fromOpenApi);
  if (!OF_SCHEMAS.has(keyword)) return value;
  return Object.fromEntries(
    Object.entries(value as Keywords).map(([name, part]) => [name, fromOpenApi(part as JsonSchema)]),
  );
}

function bound(schema: Record<string, unknown>, inclusive: string, exclusive: string, value: unknown): void {
  if (typeof value === 'number') schema[exclusive] = value;
  if (value !== true) return;
  schema[exclusive] = schema[inclusive];
  delete schema[inclusive];
}

function orNull(schema: Record<string, unknown>): JsonSchema {
  const { type, enum: values } = schema;
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return { ...schema, type: [type, 'null'], ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }) };
}
