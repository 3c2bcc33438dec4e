import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { MqttAsyncApi, type AsyncApiDocument } from '../../../lib/asyncapi/index.js';
import { AppModule as QuickStart } from '../../../sample/01-quick-start/app.module.js';
import { AppModule as Devices } from '../../../sample/02-devices/app.module.js';
import { AppModule as Operations } from '../../../sample/03-operations/app.module.js';
import { AppModule as Observability } from '../../../sample/04-observability/app.module.js';
import { AppModule as Inspected } from '../../../sample/06-inspector/app.module.js';
import { Vault } from '../../../sample/03-operations/credentials.js';
import { problemsOf } from '../../support/async-api.js';
import { preparedApplication } from './application.js';

type Prepared = ReturnType<typeof preparedApplication>;

const URL_OF_ONE = 'mqtt://one.example.org';

/** Every sample, with the brokers that its main file serves. */
const SAMPLES: Readonly<Record<string, () => Prepared>> = {
  '01-quick-start': () => preparedApplication(QuickStart.of('worker', URL_OF_ONE), undefined),
  '02-devices': () => preparedApplication(Devices.of('worker', URL_OF_ONE), undefined),
  '03-operations': () => preparedApplication(Operations.of(URL_OF_ONE, 'mqtt://two.example.org', new Vault()), 'plant'),
  '04-observability': () => preparedApplication(Observability.of(URL_OF_ONE), undefined),
  '06-inspector': () => preparedApplication(Inspected.of(URL_OF_ONE), undefined),
};

describe('the AsyncAPI document of a sample', () => {
  it('is looked at for all that have a module', () => {
    const folder = fileURLToPath(new URL('../../../sample', import.meta.url));
    const samples = readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/app.module.ts`));
    expect(Object.keys(SAMPLES)).toEqual(samples); // a new one belongs into the table above
  });

  it.each(Object.entries(SAMPLES))('%s validates, and is the same from run to run', async (_, prepare) => {
    const create = async (): Promise<AsyncApiDocument> =>
      MqttAsyncApi.createDocument(await prepare(), { title: 'Sample', version: '1.0.0' });
    const document = await create();
    expect(Object.values(document.operations).map(({ action }) => action)).toContain('receive');
    expect(await problemsOf(document)).toEqual([]);
    expect(await create()).toEqual(document);
  });
});
