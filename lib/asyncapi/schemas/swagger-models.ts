import 'reflect-metadata';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { noHttpAdapter } from '../../module/no-http-adapter.js';
import { fromOpenApi } from './from-open-api.js';
import type { JsonSchema } from './json-schema.js';
import { optionalPackage } from '../optional-package.js';
import type { Models } from './models.js';

/** Where `@ApiProperty`, and the plugin of @nestjs/swagger, leave the properties of a class. */
const PROPERTIES = 'swagger/apiModelPropertiesArray';

export function hasSwaggerMetadata({ prototype }: Type): boolean {
  return Reflect.hasMetadata(PROPERTIES, prototype as object);
}

/** Schemas that @nestjs/swagger makes of classes, by its public way: as extra models of a document without a route. */
export async function swaggerModels(
  app: INestApplicationContext,
  classes: readonly Type[],
): Promise<Models | undefined> {
  const swagger = await optionalPackage(() => import('@nestjs/swagger'));
  if (!swagger) return undefined;
  class NoModule {} // none of the application's routes
  const { components } = swagger.SwaggerModule.createDocument(
    withHttpAdapter(app) as Parameters<typeof swagger.SwaggerModule.createDocument>[0],
    { openapi: '3.0.0', info: { title: '', version: '' }, paths: {} } as never,
    { extraModels: [...classes] as never, include: [NoModule] },
  );
  const schemas = (components?.schemas ?? {}) as Record<string, JsonSchema>;
  return {
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, fromOpenApi(schema)])),
    names: new Map(classes.map((type) => [type, swagger.getSchemaPath(type).split('/').at(-1)!])),
  };
}

/** A microservice has no HTTP platform, of which @nestjs/swagger asks the name. */
function withHttpAdapter(app: INestApplicationContext): INestApplicationContext {
  if ('getHttpAdapter' in app) return app;
  return new Proxy(app, {
    get: (target, name) => (name === 'getHttpAdapter' ? noHttpAdapter : (Reflect.get(target, name) as unknown)),
  });
}
