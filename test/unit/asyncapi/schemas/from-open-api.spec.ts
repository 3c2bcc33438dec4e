import { expect, it } from '@jest/globals';
import { fromOpenApi } from '../../../../lib/asyncapi/schemas/from-open-api.js';
import type { JsonSchema } from '../../../../lib/asyncapi/index.js';

it.each<[string, JsonSchema, JsonSchema]>([
  ['nullable', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
  ['nullable enum', { type: 'string', enum: ['a'], nullable: true }, { type: ['string', 'null'], enum: ['a', null] }],
  [
    'nullable reference',
    { $ref: '#/components/schemas/A', nullable: true },
    { anyOf: [{ $ref: '#/components/schemas/A' }, { type: 'null' }] },
  ],
  ['nullable: false', { type: 'string', nullable: false }, { type: 'string' }],
  [
    'exclusive bounds as booleans',
    { minimum: 1, exclusiveMinimum: true, maximum: 2, exclusiveMaximum: true },
    { exclusiveMinimum: 1, exclusiveMaximum: 2 },
  ],
  ['exclusive bounds that are not', { minimum: 1, exclusiveMinimum: false }, { minimum: 1 }],
  ['exclusive bounds as numbers', { exclusiveMinimum: 1 }, { exclusiveMinimum: 1 }],
  ['example', { example: 0 }, { examples: [0] }],
  ['discriminator', { discriminator: { propertyName: 'kind' } }, { discriminator: 'kind' }],
  [
    'nested schemas',
    {
      properties: { nullable: { type: 'number', nullable: true } },
      items: { nullable: true, type: 'object' },
      allOf: [{ example: 'a' }, true],
      additionalProperties: false,
    },
    {
      properties: { nullable: { type: ['number', 'null'] } },
      items: { type: ['object', 'null'] },
      allOf: [{ examples: ['a'] }, true],
      additionalProperties: false,
    },
  ],
])('%s', (_, schema, expected) => {
  expect(fromOpenApi(schema)).toEqual(expected);
});

it('does not change its argument', () => {
  const schema = Object.freeze({ type: 'string', nullable: true, minimum: 1, exclusiveMinimum: true });
  fromOpenApi(schema);
  expect(schema).toEqual({ type: 'string', nullable: true, minimum: 1, exclusiveMinimum: true });
});
