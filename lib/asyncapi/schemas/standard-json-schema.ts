import { isStandardSchema, type JsonSchema, type StandardSchema } from './json-schema.js';

/** Which side of a schema is meant: what is validated, or what comes out of it. */
export type Side = 'input' | 'output';

/** The JSON Schema of a Standard Schema; undefined where its library gives none. */
export function standardJsonSchema(schema: StandardSchema, side: Side): JsonSchema | undefined {
  if (!isStandardSchema(schema)) return undefined;
  try {
    const made = schema['~standard'].jsonSchema?.[side]({ target: 'draft-07' });
    if (!made) return undefined;
    const { $schema: _dialect, ...rest } = made;
    return rest;
  } catch {
    return undefined; // it says what no JSON Schema can say
  }
}
