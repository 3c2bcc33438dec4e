import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import * as transport from '../../../lib/index.js';
import { MqttTransportError } from '../../../lib/errors/mqtt-transport.error.js';
import { read, root } from './pages.js';

function checkOptionsPage(): void {
  execFileSync(process.execPath, ['docs/.vitepress/options-reference.mjs', '--check'], { cwd: root, stdio: 'pipe' });
}

describe('docs/reference/options.md', () => {
  it('is up to date', () => {
    expect(checkOptionsPage).not.toThrow();
  });

  it('says of every option what it means', () => {
    const rows = read('docs/reference/options.md').match(/^\| `.+$/gm)!;
    expect(rows.filter((row) => /\| -\s+\|$/.test(row))).toEqual([]);
    expect(rows.length).toBeGreaterThan(100);
  });
});

describe('docs/reference/errors.md', () => {
  const page = read('docs/reference/errors.md');
  const sections = page.split(/^## /m).slice(1);
  const errors = (Object.values(transport) as unknown[]).filter(
    (value): value is { readonly name: string } =>
      typeof value === 'function' && value.prototype instanceof MqttTransportError,
  );

  it.each(errors.map(({ name }) => name))('%s has a section with cause and remedy', (name) => {
    const section = sections.find((text) => text.startsWith(`${name}\n`));
    expect(section).toMatch(/\*\*Cause\.\*\*/);
    expect(section).toMatch(/\*\*What to do\.\*\*/);
  });

  it('names no class that does not exist', () => {
    const named = sections.map((text) => text.split('\n')[0]);
    expect(named.filter((name) => !errors.some((error) => error.name === name))).toEqual([]);
  });

  it('names the code of every error', () => {
    const codes = [...page.matchAll(/`(ERR_MQTT_\w+)`/g)].map(([, code]) => code);
    expect(new Set(codes).size).toBe(errors.length - 1); // a RemoteError has the code that the responder sent
  });
});
