import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { resolveInspectorOptions } from '../../../../lib/inspector/inspector-options.js';
import {
  previewOf,
  previewOfProperty,
  previewOfValue,
  type PreviewOptions,
} from '../../../../lib/inspector/views/payload-preview.js';

function optionsWith(mask: readonly string[] = [], maxCharacters?: number): PreviewOptions {
  const payloads = { mask, ...(maxCharacters !== undefined && { maxCharacters }) };
  return resolveInspectorOptions({ payloads }, false).payloads!;
}

const preview = (text: string, options = optionsWith()): string => previewOf(Buffer.from(text), options);
const SECRET = 'hunter2hunter2';

describe('the preview of a payload', () => {
  it('is off by default', () => {
    expect(resolveInspectorOptions({}, false).payloads).toBeUndefined();
    expect(resolveInspectorOptions({ payloads: false }, false).payloads).toBeUndefined();
    expect(resolveInspectorOptions({ payloads: true }, false).payloads).toBeDefined();
  });

  it.each(['password', 'PASSWD', 'userPassword', 'apiKey', 'api_key', 'accessToken', 'Authorization', 'clientSecret'])(
    'masks %s, at any depth',
    (name) => {
      expect(preview(JSON.stringify({ a: [{ [name]: SECRET, b: 1 }] }))).not.toContain(SECRET);
      expect(preview(JSON.stringify({ [name]: { deep: SECRET } }))).not.toContain(SECRET);
      expect(previewOfValue({ a: { [name]: SECRET } }, optionsWith())).not.toContain(SECRET);
      expect(previewOfProperty(name, SECRET, optionsWith())).toBe('•••');
    },
  );

  it('masks names that the application adds, which are not patterns', () => {
    const options = optionsWith(['pin', 'a.b']);
    expect(JSON.parse(preview('{"pin":1234,"a.b":1,"axb":2}', options))).toEqual({ pin: '•••', 'a.b': '•••', axb: 2 });
  });

  it.each([
    `password=${SECRET}&a=1`,
    `token: "${SECRET} x"`,
    `{"password": "${SECRET}`,
    `<a secret='${SECRET}'/>`,
    `{"token": ["x", "${SECRET}"`,
    `Authorization: Bearer ${SECRET}`,
    `note: a password: ${SECRET}`,
    `token: "a pass: b c ${SECRET}" d`,
  ])('masks fields in a text that is not JSON: %s', (text) => expect(preview(text)).not.toContain(SECRET));

  it('leaves the rest of a text as it is', () => {
    expect(preview('a=1&password=x&b=2')).toBe('a=1&password=•••&b=2');
    expect(preview('no field at all')).toBe('no field at all');
  });

  it('takes linear time, even with long words', () => {
    const words = ['a', 'a-', 'pass', 'a ', '":', '"', '{"a":'];
    for (const word of words) {
      const text = `x${word.repeat(30_000 / word.length)}`;
      const start = performance.now();
      preview(text, optionsWith([], 65_536));
      expect(performance.now() - start).toBeLessThan(2_000); // quadratic time takes minutes
    }
  });

  it('shows bytes in hex, and an empty payload as empty', () => {
    expect(previewOf(Buffer.from([0, 1, 255]), optionsWith())).toBe('00 01 ff');
    expect(previewOf(Buffer.alloc(100, 0xff), optionsWith())).toMatch(/^(ff ){63}ff …$/);
    expect(previewOf(Buffer.alloc(0), optionsWith())).toBe('(empty)');
  });

  it('shows at most maxCharacters', () => {
    expect(preview('x'.repeat(100), optionsWith([], 10))).toBe(`${'x'.repeat(10)}…`);
    expect(preview(`"${'ä'.repeat(100_000)}"`).length).toBeLessThanOrEqual(2_001);
  });

  it('does not fail for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(previewOf(bytes, optionsWith())).not.toBe('');
      }),
    );
  });

  it('shows no value of a masked name in any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 1 }), (value, around) => {
        const shown = preview(JSON.stringify({ around: [around, { password: [value, SECRET] }] }));
        expect(shown).not.toContain(SECRET);
      }),
    );
  });
});
