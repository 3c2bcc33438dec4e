import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { MqttAsyncApi } from '../asyncapi/mqtt-async-api.js';
import type { AsyncApiDocument } from '../asyncapi/document/async-api-document.js';
import { UsageError, type Command } from './command.js';
import { loadApplication } from './load-application.js';
import { packageInfo } from './package-info.js';

/** `nestjs-mqtt-transport asyncapi dist/app.module.js -o asyncapi.yaml` */
export const asyncApiCommand: Command = {
  name: 'asyncapi',
  usage: '<module>[#Export] [-o <file>] [--title <title>] [--version <version>]',
  summary:
    'Writes the AsyncAPI document of a Nest module: in YAML, or in JSON if the file name ends in .json. Needs no broker.',
  async run(args, output) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        title: { type: 'string' },
        version: { type: 'string' },
      },
    });
    const [module, ...others] = positionals;
    if (module === undefined || others.length > 0) throw new UsageError('Give one module.');
    const known = await packageInfo();
    const info = { title: values.title ?? known.title, version: values.version ?? known.version };
    const app = await loadApplication(module);
    try {
      const text = await textOf(await MqttAsyncApi.createDocument(app, info), values.output);
      if (values.output === undefined) output.out(text);
      else await writeFile(values.output, text);
    } finally {
      await app.close();
    }
  },
};

function textOf(document: AsyncApiDocument, file: string | undefined): string | Promise<string> {
  return file?.endsWith('.json') ? MqttAsyncApi.toJson(document) : MqttAsyncApi.toYaml(document);
}
