import type { Type } from '@nestjs/common';
import type { JsonSchema } from './json-schema.js';

/** Schemas of classes, which refer to each other as `#/components/schemas/<name>`. */
export interface Models {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly names: ReadonlyMap<Type, string>;
}

export const SCHEMAS = '#/components/schemas/';
