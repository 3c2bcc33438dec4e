import { expect, it } from '@jest/globals';
import { standardJsonSchema } from '../../../../lib/asyncapi/schemas/standard-json-schema.js';
import type { StandardJsonSchema, StandardSchema } from '../../../../lib/asyncapi/index.js';

function schemaWith(jsonSchema?: StandardJsonSchema): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', ...(jsonSchema && { jsonSchema }) } };
}

const transform = (): never => {
  throw new Error('a transform cannot be represented');
};

it('gives what goes in, and what comes out, without the dialect', () => {
  const schema = schemaWith({
    input: ({ target }) => ({ $schema: target, type: 'string' }),
    output: ({ target }) => ({ $schema: target, type: 'number' }),
  });
  expect(standardJsonSchema(schema, 'input')).toEqual({ type: 'string' });
  expect(standardJsonSchema(schema, 'output')).toEqual({ type: 'number' });
});

it('gives nothing where the library has no JSON Schema', () => {
  expect(standardJsonSchema(schemaWith(), 'input')).toBeUndefined();
});

it('gives nothing for what no JSON Schema can say', () => {
  expect(standardJsonSchema(schemaWith({ input: transform, output: transform }), 'input')).toBeUndefined();
});
