import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
    }
  });

  it('reports invalid arguments, with exit code 2', async () => {
    const cases: [string[], string][] = [
      [['nothing'], 'Unknown command "nothing"'],
      [['asyncapi'], 'Give one module'],
      [['asyncapi', MODULE, '--colour'], '--colour'],
      [['asyncapi', MODULE], `does not export "AppModule"`],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await run(...args);
      expect(err).toContain(message);
      expect(err).toContain('Usage:');
      expect(code).toBe(2);
    }
  });

  it('fails with exit code 1 when the module cannot be loaded', async () => {
    const { code, err } = await run('asyncapi', join(folder, 'missing.js'));
    expect(err).toContain('missing.js');
    expect(code).toBe(1);
  });
});
