import type { JsonSchema } from '../../asyncapi/schemas/json-schema.js';

export type ObjectSchema = Exclude<JsonSchema, boolean>;
export type Components = Readonly<Record<string, JsonSchema>>;

const PLACE = '#/components/schemas/';
/** Limit of chained references: schemas may refer to themselves. */
const MAX_STEPS = 10;

/** Resolves a reference, an `allOf` of one schema, and a union with `null`. Undefined for a schema without keywords. */
export function flatSchema(schema: unknown, components: Components, steps = MAX_STEPS): ObjectSchema | undefined {
  if (typeof schema !== 'object' || schema === null || steps === 0) return undefined;
  const { $ref, allOf, anyOf, oneOf, ...own } = schema as ObjectSchema;
  const [only] = one(allOf) ?? [];
  const detour = typeof $ref === 'string' ? componentOf($ref, components) : only;
  if (detour !== undefined) {
    const target = flatSchema(detour, components, steps - 1);
    return target && { ...target, ...own };
  }
  const [some, nothing] = orNull(anyOf ?? oneOf);
  if (some === undefined) return schema as ObjectSchema;
  const target = flatSchema(some, components, steps - 1);
  return target && { ...target, ...own, ...(nothing && { nullable: true }) };
}

export function isNullable({ type, nullable }: ObjectSchema): boolean {
  return nullable === true || (Array.isArray(type) && type.includes('null'));
}

function componentOf(reference: string, components: Components): JsonSchema | undefined {
  if (!reference.startsWith(PLACE)) return undefined;
  const name = reference.slice(PLACE.length);
  return Object.hasOwn(components, name) ? components[name] : undefined;
}

function one(list: unknown): readonly unknown[] | undefined {
  return Array.isArray(list) && list.length === 1 ? list : undefined;
}

/** The other schema of a union with `null`. */
function orNull(list: unknown): [some?: unknown, nothing?: boolean] {
  if (!Array.isArray(list)) return [];
  const others = list.filter((each: unknown) => (Object(each) as ObjectSchema)['type'] !== 'null');
  return others.length === 1 ? [others[0], list.length > 1] : [];
}
