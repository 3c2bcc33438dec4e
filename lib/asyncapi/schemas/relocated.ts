import type { JsonSchema } from './json-schema.js';
import { SCHEMAS } from './models.js';

/** Whether a schema refers to itself or a part of itself. Such references break when the schema is embedded in a document. */
export function refersToItself(schema: JsonSchema): boolean {
  let found = false;
  withReferences(schema, (reference) => {
    found ||= isOwn(reference);
    return reference;
  });
  return found;
}

/** The schema as a named component, with references to its own parts adjusted. */
export function relocated(schema: JsonSchema, name: string): JsonSchema {
  return withReferences(schema, (reference) =>
    isOwn(reference) ? `${SCHEMAS}${name}${reference.slice(1)}` : reference,
  ) as JsonSchema;
}

/** Names of the components that a schema refers to. */
export function componentsIn(schema: JsonSchema): string[] {
  const names = new Set<string>();
  withReferences(schema, (reference) => {
    if (reference.startsWith(SCHEMAS)) names.add(reference.slice(SCHEMAS.length).split('/')[0]!);
    return reference;
  });
  return [...names];
}

function isOwn(reference: string): boolean {
  return reference === '#' || (reference.startsWith('#/') && !reference.startsWith(SCHEMAS));
}

/** A copy in which `change` is applied to every `$ref`. */
function withReferences(value: unknown, change: (reference: string) => string): unknown {
  if (Array.isArray(value)) return value.map((part) => withReferences(part, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === '$ref' && typeof part === 'string' ? change(part) : withReferences(part, change),
    ]),
  );
}
