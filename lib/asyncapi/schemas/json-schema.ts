import type { Type } from '@nestjs/common';

/** A JSON Schema (draft 7), of which AsyncAPI's Schema Object is a superset. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** A schema of zod, valibot, arktype and others: see https://standardschema.dev. Its JSON Schema is read where it gives one. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly jsonSchema?: StandardJsonSchema;
  };
}

/** How a Standard Schema gives its JSON Schema. */
export interface StandardJsonSchema {
  /** Schema of what is validated. */
  readonly input: (options: { readonly target: 'draft-07' }) => Record<string, unknown>;
  /** Schema of what comes out of it. */
  readonly output: (options: { readonly target: 'draft-07' }) => Record<string, unknown>;
}

/** What says how a value looks: a JSON Schema, a Standard Schema, a class, or a list with one of them for an array. */
export type SchemaSource = JsonSchema | StandardSchema | Type | readonly [JsonSchema | StandardSchema | Type];

/** Whether it is a class, or a function that stands for one (`String`). */
export function isClass(source: unknown): source is Type {
  return typeof source === 'function' && !isStandardSchema(source);
}

/** Some libraries have functions for schemas. */
export function isStandardSchema(source: unknown): source is StandardSchema {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return false;
  return '~standard' in source;
}
