import { isStandardSchema, type JsonSchema, type StandardSchema } from './json-schema.js';

/** The value before (`input`) or after validation (`output`). */
export type Side = 'input' | 'output';

/** The JSON Schema of a Standard Schema; undefined if its library provides none. */
export function standardJsonSchema(schema: StandardSchema, side: Side): JsonSchema | undefined {
  if (!isStandardSchema(schema)) return undefined;
  try {
    const made = schema['~standard'].jsonSchema?.[side]({ target: 'draft-07' });
    if (!made) return undefined;
    const { $schema: _dialect, ...rest } = made;
    return rest;
  } catch {
    return undefined; // JSON Schema cannot express it
  }
}
