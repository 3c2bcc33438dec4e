import type { AsyncApiMessage } from '../../asyncapi/document/async-api-document.js';
import type { JsonSchema } from '../../asyncapi/schemas/json-schema.js';
import { channelAddress } from '../../asyncapi/document/channel-address.js';
import type { InspectedHandler } from '../inspected-application.js';
import { exampleOf } from './schema-example.js';
import { flatSchema, isNullable, type Components, type ObjectSchema } from './flat-schema.js';
import type { FieldView, FormView, LevelView, Scalar } from './snapshot.js';

/** With more fields, JSON is easier to write. */
const MAX_FIELDS = 20;
/** Keywords of schemas that a form cannot represent. */
const NOT_SIMPLE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'patternProperties'];

/**
 * A form with fields if the payload is a simple value or an object of simple values; else an example in JSON.
 *
 * @param message undefined when the document has none
 */
export function messageForm(
  handler: Pick<InspectedHandler, 'filter' | 'captures'>,
  message: AsyncApiMessage | undefined,
  components: Components,
): FormView {
  const { payload, examples, summary, contentType } = message ?? {};
  const example = examples?.[0]?.payload ?? exampleOf(payload, components);
  return {
    levels: levelsOf(handler),
    summary,
    contentType,
    fields: payload === undefined ? undefined : fieldsOf(payload, example, components),
    example: JSON.stringify(example, undefined, 2),
  };
}

function levelsOf({ filter, captures }: Pick<InspectedHandler, 'filter' | 'captures'>): LevelView[] {
  const { address, parameters } = channelAddress(filter, captures);
  return address.split('/').map((level) => {
    const name = /^\{(\w+)\}$/.exec(level)?.[1];
    const parameter = name === undefined ? undefined : parameters[name];
    if (name === undefined || parameter === undefined) return { text: level };
    const [only] = parameter.enum ?? [];
    return only === undefined ? { name, description: parameter.description } : { text: only };
  });
}

function fieldsOf(payload: JsonSchema, example: unknown, components: Components): FieldView[] | undefined {
  const schema = flatSchema(payload, components);
  if (!schema) return undefined;
  if (!isObject(schema)) {
    const field = fieldOf(undefined, schema, example, true);
    return field && [field];
  }
  const { properties, required } = schema as { properties?: Record<string, JsonSchema>; required?: unknown };
  const entries = Object.entries(properties ?? {});
  if (entries.length === 0 || entries.length > MAX_FIELDS || NOT_SIMPLE.some((keyword) => keyword in schema))
    return undefined;
  const values = new Map(Object.entries(Object(example) as Record<string, unknown>));
  const fields = entries.map(([name, property]) =>
    fieldOf(name, flatSchema(property, components), values.get(name), asList(required).includes(name)),
  );
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

/** Undefined unless the schema is of a simple value. */
function fieldOf(
  name: string | undefined,
  schema: ObjectSchema | undefined,
  example: unknown,
  required: boolean,
): FieldView | undefined {
  const kind = schema && kindOf(schema);
  if (!kind) return undefined;
  const { description, default: fallback } = schema;
  const value = isScalar(example) ? example : isScalar(fallback) ? fallback : undefined;
  return {
    name,
    kind,
    required: required && !isNullable(schema),
    ...(typeof description === 'string' && { description }),
    ...(kind === 'choice' && { choices: choicesOf(schema) }),
    ...limits(schema, ['minimum', 'maximum', 'minLength', 'maxLength']),
    ...(value !== undefined && value !== null && { value }),
  };
}

function kindOf(schema: ObjectSchema): FieldView['kind'] | undefined {
  if (choicesOf(schema)) return 'choice';
  if (schema['format'] === 'binary' || NOT_SIMPLE.some((keyword) => keyword in schema)) return undefined;
  const types = asList(schema['type']).filter((type) => type !== 'null');
  if (types.length !== 1) return undefined;
  const [type] = types;
  if (type === 'string') return 'text';
  return type === 'number' || type === 'integer' ? type : undefined;
}

function choicesOf(schema: ObjectSchema): Scalar[] | undefined {
  const { enum: values, const: only, type } = schema;
  if (isScalar(only)) return [only];
  if (Array.isArray(values) && values.length > 0 && values.every(isScalar)) return values;
  return asList(type)[0] === 'boolean' ? [true, false] : undefined;
}

function limits(schema: ObjectSchema, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    names.map((name) => [name, schema[name]]).filter((limit): limit is [string, number] => Number.isFinite(limit[1])),
  );
}

function isObject(schema: ObjectSchema): boolean {
  return schema['type'] === 'object' || (schema['type'] === undefined && typeof schema['properties'] === 'object');
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function asList(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
