import type { Type } from '@nestjs/common';
import { classValidatorModels } from './class-validator-models.js';
import { isClass, isStandardSchema, type JsonSchema, type SchemaSource } from './json-schema.js';
import { SCHEMAS, type Models } from './models.js';
import { componentsIn, refersToItself, relocated } from './relocated.js';
import { standardJsonSchema, type Side } from './standard-json-schema.js';
import { hasSwaggerMetadata, swaggerModels } from './swagger-models.js';

/** Built-in classes of JSON types and bytes. */
const BUILT_IN: Readonly<Record<string, JsonSchema>> = {
  String: { type: 'string' },
  Number: { type: 'number' },
  Boolean: { type: 'boolean' },
  Array: { type: 'array' },
  Date: { type: 'string', format: 'date-time' },
  Buffer: { type: 'string', format: 'binary' },
  Uint8Array: { type: 'string', format: 'binary' },
};

/** The schemas of a document, including the schemas that they refer to. */
export class SchemaLibrary {
  /** Components of the document: requested schemas and the schemas that they refer to. */
  readonly components: Record<string, JsonSchema> = {};

  private constructor(private readonly models: readonly Models[]) {}

  /** @param sources all sources that `schemaOf()` will be called with */
  static async of(sources: readonly SchemaSource[]): Promise<SchemaLibrary> {
    const all = [...new Set(sources.flat().filter(isClass))].filter(({ name }) => !isBuiltIn(name));
    const described = all.filter(hasSwaggerMetadata);
    const swagger = described.length > 0 ? await swaggerModels(described) : undefined;
    const others = all.filter((type) => !swagger?.names.has(type));
    const validated = others.length > 0 ? await classValidatorModels(others) : undefined;
    return new SchemaLibrary([swagger, validated].filter((models) => models !== undefined));
  }

  /**
   * @param name of the component, for a schema that refers to itself
   * @returns undefined if the schema is not known
   */
  schemaOf(source: SchemaSource | undefined, name: string, side: Side = 'input'): JsonSchema | undefined {
    if (source === undefined) return undefined;
    if (Array.isArray(source)) {
      const [items] = source as readonly [SchemaSource];
      return { type: 'array', items: this.schemaOf(items, name, side) ?? true };
    }
    if (isStandardSchema(source)) return this.placed(standardJsonSchema(source, side), name);
    return isClass(source) ? this.ofClass(source) : this.placed(source as JsonSchema, name);
  }

  private ofClass(type: Type): JsonSchema | undefined {
    if (isBuiltIn(type.name)) return BUILT_IN[type.name];
    const models = this.models.find(({ names }) => names.has(type));
    const name = models?.names.get(type);
    if (models === undefined || name === undefined) return undefined;
    this.include(models, name);
    return { $ref: `${SCHEMAS}${name}` };
  }

  private placed(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
    if (schema === undefined || !refersToItself(schema)) return schema;
    this.components[name] = relocated(schema, name);
    return { $ref: `${SCHEMAS}${name}` };
  }

  private include(models: Models, name: string): void {
    const schema = models.schemas[name];
    if (schema === undefined || Object.hasOwn(this.components, name)) return;
    this.components[name] = schema;
    for (const other of componentsIn(schema)) this.include(models, other);
  }
}

function isBuiltIn(name: string): boolean {
  return Object.hasOwn(BUILT_IN, name) || name === 'Object';
}
