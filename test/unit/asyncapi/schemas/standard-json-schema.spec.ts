import { expect, it } from '@jest/globals';
import { standardJsonSchema } from '../../../../lib/asyncapi/schemas/standard-json-schema.js';
import type { StandardJsonSchema, StandardSchema } from '../../../../lib/asyncapi/index.js';

function schemaWith(jsonSchema?: StandardJsonSchema): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', ...(jsonSchema && { jsonSchema }) } };
}

const transform = (): never => {
  throw new Error('a transform cannot be represented');
};

it('returns the input and the output schema, without $schema', () => {
  const schema = schemaWith({
    input: ({ target }) => ({ $schema: target, type: 'string' }),
    output: ({ target }) => ({ $schema: target, type: 'number' }),
  });
  expect(standardJsonSchema(schema, 'input')).toEqual({ type: 'string' });
  expect(standardJsonSchema(schema, 'output')).toEqual({ type: 'number' });
});

it('returns undefined if the library has no JSON Schema', () => {
  expect(standardJsonSchema(schemaWith(), 'input')).toBeUndefined();
});

it('returns undefined for what JSON Schema cannot express', () => {
  expect(standardJsonSchema(schemaWith({ input: transform, output: transform }), 'input')).toBeUndefined();
});
