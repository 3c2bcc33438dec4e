import type { Type } from '@nestjs/common';
import { fromOpenApi } from './from-open-api.js';
import type { JsonSchema } from './json-schema.js';
import { SCHEMAS, type Models } from './models.js';
import { optionalPackage } from '../optional-package.js';

/** Schemas that class-validator-jsonschema generates from class-validator decorators; undefined if it is not installed. */
export async function classValidatorModels(classes: readonly Type[]): Promise<Models | undefined> {
  const converter = await optionalPackage(() => import('class-validator-jsonschema'));
  if (!converter) return undefined;
  const schemas = converter.validationMetadatasToSchemas({
    refPointerPrefix: SCHEMAS,
    ...(await nestedClasses()),
  }) as unknown as Record<string, JsonSchema>;
  const known = classes.filter(({ name }) => Object.hasOwn(schemas, name));
  return {
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, fromOpenApi(schema)])),
    names: new Map(known.map((type) => [type, type.name])),
  };
}

/** The metadata of class-transformer's `@Type`, for nested classes. Not exported by its entry point, and without types. */
const STORAGE: string = 'class-transformer/cjs/storage.js';

async function nestedClasses(): Promise<{ classTransformerMetadataStorage?: never }> {
  const storage = await optionalPackage(() => import(STORAGE) as Promise<{ defaultMetadataStorage: never }>);
  return storage ? { classTransformerMetadataStorage: storage.defaultMetadataStorage } : {};
}
