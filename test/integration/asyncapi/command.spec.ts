import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../../lib/cli/run-command.js';
import { problemsOf } from '../../support/async-api.js';

const MODULE = fileURLToPath(new URL('every-feature.module.ts', import.meta.url));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCommand(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe('npx nestjs-mqtt-transport', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'asyncapi-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('asyncapi writes the document of a module in YAML, without a broker', async () => {
    const file = join(folder, 'asyncapi.yaml');
    const result = await run('asyncapi', `${MODULE}#EveryFeatureModule`, '-o', file);
    expect(result).toEqual({ code: 0, out: '', err: '' });
    const yaml = await readFile(file, 'utf8');
    expect(yaml).toMatch(/^asyncapi: 3\.0\.0\ninfo:\n {2}title: nestjs-mqtt-transport\n/);
    expect(yaml).toContain('sites/{site}/devices/{deviceId}/telemetry');
    expect(yaml).toContain('plant_CommandController_alarm'); // all servers of the module
    expect(await problemsOf(yaml)).toEqual([]);
  });

  it('asyncapi writes JSON to a .json file, and YAML to standard output', async () => {
    const file = join(folder, 'asyncapi.json');
    await run('asyncapi', `${MODULE}#EveryFeatureModule`, '--output', file, '--title', 'Devices', '--version', '2.0.0');
    const { info } = JSON.parse(await readFile(file, 'utf8')) as { info: unknown };
    expect(info).toEqual({ title: 'Devices', version: '2.0.0' });
    expect((await run('asyncapi', `${MODULE}#EveryFeatureModule`)).out).toMatch(/^asyncapi: 3\.0\.0\n/);
  });

  it('asyncapi takes a function that returns a module, or an application', async () => {
    const file = fileURLToPath(new URL('factories.ts', import.meta.url));
    expect((await run('asyncapi', file)).out).toContain('TelemetryController_telemetry');
    const { out } = await run('asyncapi', `${file}#createApp`);
    expect(out).toContain('plant_CommandController_alarm');
    expect(out).not.toContain('TelemetryController_telemetry:'); // createApp does not connect this server
  });

  it('prints help', async () => {
    for (const args of [[], ['--help'], ['-h']]) {
      const { code, out } = await run(...args);
      expect(code).toBe(0);
      expect(out).toContain('nestjs-mqtt-transport asyncapi <module>[#Export]');
      expect(out).toContain('nestjs-mqtt-transport dead-letters replay <module>[#Export] <id>...|--all');
    }
  });

  it.each([['asyncapi'], ['dead-letters'], ['dead-letters', 'list'], ['dead-letters', 'replay', 'dist/app.module.js']])(
    'prints help after %s %s',
    async (...words) => {
      for (const flag of ['--help', '-h']) {
        const { code, out, err } = await run(...words, flag);
        expect({ code, err }).toEqual({ code: 0, err: '' });
        expect(out).toContain(`nestjs-mqtt-transport ${words.slice(0, 2).join(' ')}`);
      }
    },
  );

  it('prints one line for each option of a command, and no option of another', async () => {
    const { out } = await run('dead-letters', 'discard', '--help');
    expect(out).toMatch(
      /^Usage: nestjs-mqtt-transport dead-letters discard <module>\[#Export\] <id>\.\.\.\|--all \[options\]\n/,
    );
    expect(out).toMatch(/\n {2}--topic <topic> {6}of this topic, or .*\n/);
    expect(out).toMatch(/\n {2}--help, -h {11}this help\n {2}--version/);
    expect(out).not.toContain('--per-second');
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    for (const words of [[], ['dead-letters'], ['dead-letters', 'replay']])
      expect(await run(...words, '--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('says what to give in place of main.js', async () => {
    const main = join(folder, 'main.cjs');
    await writeFile(main, 'exports.__esModule = true;');
    const advice = 'Give the file of the module, not main.ts, such as dist/app.module.js';
    expect((await run('asyncapi', main)).err).toBe(`"${main}" does not export "AppModule". ${advice}.\n`);
    await writeFile(join(folder, 'shop.cjs'), 'exports.__esModule = true; exports.ShopModule = class {};');
    const shop = join(folder, 'shop.cjs');
    expect((await run('asyncapi', shop)).err).toBe(
      `"${shop}" does not export "AppModule". ${advice}, or one of its exports, ShopModule, as in ${shop}#ShopModule.\n`,
    );
  });

  it('reports invalid arguments, with exit code 2', async () => {
    const cases: [string[], string][] = [
      [['nothing'], 'Unknown command "nothing"'],
      [['asyncapi'], 'Give the file of one module'],
      [['asyncapi', MODULE, '--colour'], '--colour'],
      [['asyncapi', MODULE], `does not export "AppModule"`],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await run(...args);
      expect(err).toContain(message);
      expect(err.split('\n')).toHaveLength(2); // nothing follows the error
      expect(code).toBe(2);
    }
  });

  it('fails with exit code 1 when the module cannot be loaded', async () => {
    const { code, err } = await run('asyncapi', join(folder, 'missing.js'));
    expect(err).toContain('missing.js');
    expect(code).toBe(1);
  });
});
