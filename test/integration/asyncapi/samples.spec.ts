import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { MqttAsyncApi, type AsyncApiDocument } from '../../../lib/asyncapi/index.js';
import { Vault } from '../../../sample/03-operations/credentials.js';
import { problemsOf } from '../../support/async-api.js';
import { preparedApplication } from './application.js';

const FOLDER = fileURLToPath(new URL('../../../sample', import.meta.url));
const SAMPLES = readdirSync(FOLDER).filter((name) => existsSync(`${FOLDER}/${name}/app.module.ts`));
const URL_OF_ONE = 'mqtt://one.example.org';

/** Arguments of a sample's module. Default: the broker's URL. */
const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  '01-quick-start': ['worker', URL_OF_ONE],
  '02-devices': ['worker', URL_OF_ONE],
  '03-operations': [URL_OF_ONE, 'mqtt://two.example.org', new Vault()],
};
/** Names of a sample's brokers. Default: only the unnamed one. */
const BROKERS: Readonly<Record<string, readonly string[]>> = { '03-operations': ['plant'] };

interface Sample {
  readonly AppModule: { of(...args: readonly unknown[]): DynamicModule };
}

async function documentOf(sample: string): Promise<AsyncApiDocument> {
  const { AppModule } = (await import(`../../../sample/${sample}/app.module.js`)) as Sample;
  const module = AppModule.of(...(ARGUMENTS[sample] ?? [URL_OF_ONE]));
  const app = await preparedApplication(module, ...(BROKERS[sample] ?? [undefined]));
  return MqttAsyncApi.createDocument(app, { title: 'Sample', version: '1.0.0' });
}

describe('the AsyncAPI document of a sample', () => {
  it('is tested for every sample', () => {
    expect(SAMPLES.length).toBeGreaterThanOrEqual(5);
  });

  it.each(SAMPLES)('%s is valid, and is the same on every run', async (sample) => {
    const document = await documentOf(sample);
    expect(Object.values(document.operations).map(({ action }) => action)).toContain('receive');
    expect(await problemsOf(document)).toEqual([]);
    expect(await documentOf(sample)).toEqual(document);
  });
});
