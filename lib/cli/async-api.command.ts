import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { MqttAsyncApi } from '../asyncapi/mqtt-async-api.js';
import type { AsyncApiDocument } from '../asyncapi/document/async-api-document.js';
import { NO_MODULE, UsageError, type Command } from './command.js';
import { loadApplication } from './load-application.js';
import { packageInfo } from './package-info.js';

const OPTIONS = {
  output: { type: 'string', short: 'o', value: '<file>', help: 'default: standard output' },
  title: { type: 'string', value: '<title>', help: 'default: the name in package.json' },
  version: { type: 'string', value: '<version>', help: 'default: the version in package.json' },
} as const;

/** `nestjs-mqtt-transport asyncapi dist/app.module.js -o asyncapi.yaml` */
export const asyncApiCommand: Command = {
  name: 'asyncapi',
  usage: '<module>[#Export]',
  summary:
    'Writes the AsyncAPI document of a Nest module: in YAML, or in JSON if the file name ends in .json. Needs no broker.',
  options: OPTIONS,
  async run(args, output) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    const [module, ...others] = positionals;
    if (module === undefined || others.length > 0) throw new UsageError(NO_MODULE);
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
