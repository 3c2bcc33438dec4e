import { flatSchema, type Components } from './flat-schema.js';

/** Depth of nested objects that are filled in. */
const DEEPEST = 4;

/** An example value of a schema: its `examples`, its `default`, or a minimal value of its type. */
export function exampleOf(schema: unknown, components: Components, depth = DEEPEST): unknown {
  const flat = flatSchema(schema, components);
  if (!flat || depth === 0) return {};
  const { examples, default: fallback, const: only, enum: values, type, properties, items } = flat;
  const given = [only, fallback, first(examples), first(values)].find((value) => value !== undefined);
  if (given !== undefined) return given;
  switch (Array.isArray(type) ? (type[0] as unknown) : type) {
    case 'string':
      return '';
    case 'number':
    case 'integer':
      return typeof flat['minimum'] === 'number' ? flat['minimum'] : 0;
    case 'boolean':
      return false;
    case 'null':
      return null;
    case 'array':
      return items === undefined ? [] : [exampleOf(items, components, depth - 1)];
    default:
      return Object.fromEntries(
        Object.entries(Object(properties) as Record<string, unknown>).map(([name, property]) => [
          name,
          exampleOf(property, components, depth - 1),
        ]),
      );
  }
}

function first(list: unknown): unknown {
  return Array.isArray(list) ? (list[0] as unknown) : undefined;
}
