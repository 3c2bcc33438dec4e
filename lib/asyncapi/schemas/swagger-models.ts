import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { noHttpAdapter } from '../../module/no-http-adapter.js';
import { fromOpenApi } from './from-open-api.js';
import type { JsonSchema } from './json-schema.js';
import { optionalPackage } from '../optional-package.js';
import type { Models } from './models.js';

/** Metadata key of `@ApiProperty` and of the plugin of @nestjs/swagger. */
const PROPERTIES = 'swagger/apiModelPropertiesArray';

export function hasSwaggerMetadata({ prototype }: Type): boolean {
  return Reflect.hasMetadata(PROPERTIES, prototype as object);
}

/** Schemas that @nestjs/swagger generates, through its public API: as extra models of a document without routes. */
export async function swaggerModels(classes: readonly Type[]): Promise<Models | undefined> {
  const swagger = await optionalPackage(() => import('@nestjs/swagger'));
  if (!swagger) return undefined;
  const { components } = swagger.SwaggerModule.createDocument(
    NO_APPLICATION as Parameters<typeof swagger.SwaggerModule.createDocument>[0],
    { openapi: '3.0.0', info: { title: '', version: '' }, paths: {} } as never,
    { extraModels: [...classes] as never },
  );
  const schemas = (components?.schemas ?? {}) as Record<string, JsonSchema>;
  return {
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, fromOpenApi(schema)])),
    names: new Map(classes.map((type) => [type, swagger.getSchemaPath(type).split('/').at(-1)!])),
  };
}

/** The parts of an application that @nestjs/swagger reads, without routes. Schemas of classes do not depend on the application. */
const NO_APPLICATION: unknown = {
  container: { getModules: () => new Map() },
  config: { getGlobalPrefix: () => '' },
  getHttpAdapter: noHttpAdapter,
};
