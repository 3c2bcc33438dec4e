import type { Type } from '@nestjs/common';

/** A JSON Schema (draft 7), of which AsyncAPI's Schema Object is a superset. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** A schema of zod, valibot, arktype and others: see https://standardschema.dev. It is used if it provides a JSON Schema. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly jsonSchema?: StandardJsonSchema;
  };
}

/** The JSON Schemas of a Standard Schema. */
export interface StandardJsonSchema {
  /** Schema of the value before validation. */
  readonly input: (options: { readonly target: 'draft-07' }) => Record<string, unknown>;
  /** Schema of the validated value. */
  readonly output: (options: { readonly target: 'draft-07' }) => Record<string, unknown>;
}

/** The schema of a value: a JSON Schema, a Standard Schema, a class, or a list with one of them for an array. */
export type SchemaSource = JsonSchema | StandardSchema | Type | readonly [JsonSchema | StandardSchema | Type];

/** Whether the source is a class, or a function such as `String`. */
export function isClass(source: unknown): source is Type {
  return typeof source === 'function' && !isStandardSchema(source);
}

/** In some libraries a schema is a function. */
export function isStandardSchema(source: unknown): source is StandardSchema {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return false;
  return '~standard' in source;
}
