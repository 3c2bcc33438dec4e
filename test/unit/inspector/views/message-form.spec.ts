import { describe, expect, it } from '@jest/globals';
import type { JsonSchema } from '../../../../lib/asyncapi/schemas/json-schema.js';
import { messageForm } from '../../../../lib/inspector/views/message-form.js';
import type { FormView } from '../../../../lib/inspector/views/snapshot.js';

const HANDLER = { filter: 'a/b', captures: [] };

function formOf(payload: JsonSchema | undefined, components: Record<string, JsonSchema> = {}): FormView {
  return messageForm(HANDLER, payload === undefined ? undefined : { payload }, components);
}

describe('the form of a message', () => {
  it('has a field for each simple property of an object', () => {
    const { fields } = formOf({
      type: 'object',
      required: ['celsius', 'unit'],
      properties: {
        celsius: { type: 'number', minimum: -90, maximum: 60, description: 'Of the air' },
        count: { type: 'integer', default: 3 },
        unit: { enum: ['C', 'F'] },
        on: { type: 'boolean' },
        note: { type: ['string', 'null'], maxLength: 10 },
      },
    });
    expect(fields).toEqual([
      {
        name: 'celsius',
        kind: 'number',
        required: true,
        minimum: -90,
        maximum: 60,
        description: 'Of the air',
        value: -90,
      },
      { name: 'count', kind: 'integer', required: false, value: 3 },
      { name: 'unit', kind: 'choice', required: true, choices: ['C', 'F'], value: 'C' },
      { name: 'on', kind: 'choice', required: false, choices: [true, false], value: false },
      { name: 'note', kind: 'text', required: false, maxLength: 10, value: '' },
    ]);
  });

  it('follows references, an allOf of one schema, and a type or null', () => {
    const components = {
      Reading: { type: 'object', properties: { unit: { $ref: '#/components/schemas/Unit' } }, required: ['unit'] },
      Unit: { type: 'string', enum: ['C'] },
    };
    const unit = { name: 'unit', kind: 'choice', required: true, choices: ['C'], value: 'C' };
    const reference = { $ref: '#/components/schemas/Reading' };
    expect(formOf(reference, components).fields).toEqual([unit]);
    expect(formOf({ allOf: [reference], description: 'x' }, components).fields).toEqual([unit]);
    const nullable = { type: 'object', properties: { unit: { anyOf: [components.Unit, { type: 'null' }] } } };
    expect(formOf({ ...nullable, required: ['unit'] }, components).fields).toEqual([{ ...unit, required: false }]);
  });

  it.each([
    [{ type: 'number' }, 'number'],
    [{ type: 'string' }, 'text'],
    [{ type: 'boolean' }, 'choice'],
    [{ const: 'on' }, 'choice'],
  ])('has one field without a name for a simple value: %j', (payload, kind) => {
    expect(formOf(payload).fields).toMatchObject([{ name: undefined, kind, required: true }]);
  });

  it.each<[string, JsonSchema | undefined]>([
    ['an unknown schema', undefined],
    ['anything', true],
    ['a list', { type: 'array', items: { type: 'string' } }],
    ['bytes', { type: 'string', format: 'binary' }],
    ['an object without properties', { type: 'object' }],
    ['an object in an object', { type: 'object', properties: { a: { type: 'object' } } }],
    ['one of several', { oneOf: [{ type: 'string' }, { type: 'number' }] }],
    ['a property of any type', { type: 'object', properties: { a: {} } }],
    ['an object with conditions', { type: 'object', properties: { a: { type: 'string' } }, oneOf: [{}, {}] }],
    ['a reference to nowhere', { $ref: '#/components/schemas/Missing' }],
    ['a reference to itself', { $ref: '#/components/schemas/Loop' }],
    ['too many properties', { type: 'object', properties: properties(21) }],
  ])('has no fields but an example in JSON for %s', (_, payload) => {
    const form = formOf(payload, { Loop: { $ref: '#/components/schemas/Loop' } });
    expect(form.fields).toBeUndefined();
    expect(() => JSON.parse(form.example) as unknown).not.toThrow();
  });

  it('has an example from the document, or one generated from the schema', () => {
    const payload = {
      type: 'object',
      properties: { a: { type: 'array', items: { type: 'object', properties: { b: { type: 'integer' } } } } },
    };
    expect(JSON.parse(formOf(payload).example)).toEqual({ a: [{ b: 0 }] });
    const form = messageForm(HANDLER, { payload, examples: [{ payload: { a: [] } }], summary: 'Stores' }, {});
    expect(JSON.parse(form.example)).toEqual({ a: [] });
    expect(form.summary).toBe('Stores');
  });

  it('terminates for a recursive schema', () => {
    const Tree = { type: 'object', properties: { child: { $ref: '#/components/schemas/Tree' } } };
    expect(formOf(Tree, { Tree }).fields).toBeUndefined();
    expect(formOf(Tree, { Tree }).example.length).toBeLessThan(500);
  });

  it('leaves captures and wildcards of the topic open', () => {
    const handler = { filter: 'a/+/b?c/+/#', captures: [{ name: 'house', level: 1 }] };
    expect(messageForm(handler, undefined, {}).levels).toEqual([
      { text: 'a' },
      { name: 'house', description: expect.anything() },
      { text: 'b?c' },
      { name: 'level4', description: expect.anything() },
      { name: 'rest', description: expect.anything() },
    ]);
  });
});

function properties(count: number): Record<string, JsonSchema> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, { type: 'string' }]));
}
