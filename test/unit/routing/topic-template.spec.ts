import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { parseTopicTemplate } from '../../../lib/routing/topic-template.js';

describe('parseTopicTemplate', () => {
  it.each([
    ['devices/{deviceId}/temperature', 'devices/+/temperature', { deviceId: 1 }],
    ['{a}', '+', { a: 0 }],
    ['{a}/{b}/{c}', '+/+/+', { a: 0, b: 1, c: 2 }],
    ['/{a}', '/+', { a: 1 }],
    ['+/{a}/#', '+/+/#', { a: 1 }],
    ['{_x}/{$y}/{z9}', '+/+/+', { _x: 0, $y: 1, z9: 2 }],
    ['plain/topic/+/#', 'plain/topic/+/#', {}],
    ['a/{{b}}/c', 'a/{b}/c', {}],
    ['{{a}}', '{a}', {}],
    ['x{{y', 'x{y', {}],
    ['x}}y', 'x}y', {}],
    ['{{{{', '{{', {}],
    ['{{}}/{id}', '{}/+', { id: 1 }],
    ['', '', {}],
  ])('reads %j as the filter %j', (text, filter, captures) => {
    const template = parseTopicTemplate(text);
    expect(template.filter).toBe(filter);
    expect(Object.fromEntries(template.captures.map(({ name, level }) => [name, level]))).toEqual(captures);
  });

  it.each([
    ['device-{id}'],
    ['{id}-x'],
    ['{a}{b}'],
    ['{'],
    ['}'],
    ['a/{id'],
    ['a/id}'],
    ['{}'],
    ['{a}}'],
    ['{{a}'],
    ['{{{a}}}'],
    ['{a/b}'],
  ])('refuses %j, whose braces are neither a whole level nor doubled', (text) => {
    expect(() => parseTopicTemplate(text)).toThrow(InvalidTopicError);
    expect(() => parseTopicTemplate(text)).toThrow(/must be a whole level.*must be doubled/);
  });

  it.each(['{a b}', '{9a}', '{a-b}'])('refuses %j, whose name is none', (text) => {
    expect(() => parseTopicTemplate(text)).toThrow(/letters, digits, _ and \$ only.*must be doubled/);
  });

  it('refuses a name that is given twice', () => {
    expect(() => parseTopicTemplate('{id}/x/{id}')).toThrow(/captures \{id\} twice/);
  });

  it('reads any filter as it is once its braces are doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '{', '}', '/', '+', 'é') }), (literal) => {
        const doubled = literal.replaceAll('{', '{{').replaceAll('}', '}}');
        expect(parseTopicTemplate(doubled)).toEqual({ filter: literal, captures: [] });
      }),
    );
  });

  it('puts + where a capture stands, and nowhere else', () => {
    const level = fc.oneof(fc.constantFrom('a', 'b', ''), fc.constant('{}'));
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 8 }), (levels) => {
        const named = levels.map((text, i) => (text === '{}' ? `{name${i}}` : text));
        const { filter, captures } = parseTopicTemplate(named.join('/'));
        expect(filter).toBe(levels.map((text) => (text === '{}' ? '+' : text)).join('/'));
        expect(captures).toEqual(levels.flatMap((text, i) => (text === '{}' ? [{ name: `name${i}`, level: i }] : [])));
      }),
    );
  });
});
