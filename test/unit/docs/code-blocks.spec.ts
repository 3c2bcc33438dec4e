import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger, type Type } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import ts from 'typescript';
import { ServerMqtt } from '../../../lib/server/mqtt.server.js';
import { MqttBroker } from '../../../lib/testing/mqtt-broker.js';
import { codeBlocks, writeCodeBlocks, writtenHere } from './code-blocks.js';
import { read, root } from './pages.js';

describe('code blocks that show a file', () => {
  const shown = codeBlocks.filter(({ shows }) => shows !== undefined);

  it.each(shown)('$place shows $shows as it is', ({ code, shows }) => {
    expect(code).toBe(read(shows!));
  });
});

describe('code blocks that are written in the documents', () => {
  it('compile', () => {
    const fileOf = writeCodeBlocks('compiled');
    const program = ts.createProgram({ rootNames: writtenHere.map(fileOf), options: compilerOptions() });
    const problems = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
      const place = writtenHere.find((block) => fileOf(block) === diagnostic.file?.fileName)?.place;
      const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line;
      return `${place}, line ${(line ?? 0) + 1}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`;
    });
    expect(problems).toEqual([]);
  }, 180_000);

  describe('run', () => {
    const broker = new MqttBroker();
    let url: string;
    let fileOf: ReturnType<typeof writeCodeBlocks>;

    beforeAll(async () => {
      Logger.overrideLogger(false);
      jest.spyOn(console, 'log').mockImplementation(() => {});
      url = await broker.listen();
      fileOf = writeCodeBlocks('run', url);
    });
    afterAll(() => broker.close());

    it.each(writtenHere.filter(({ compiledOnly }) => compiledOnly === undefined))('$place', async (block) => {
      const exported = (await import(fileOf(block))) as Record<string, unknown>;
      const { applicationOfBlock } = exported as { applicationOfBlock?: { close(): Promise<void> } };
      await applicationOfBlock?.close();
      const controllers = Object.values(exported).filter(isController);
      await expect(serve(controllers, url, block.place)).resolves.toBeUndefined();
    });
  });
});

function isController(value: unknown): value is Type {
  return typeof value === 'function' && Reflect.hasMetadata('__controller__', value);
}

/** Controllers whose patterns or options are wrong do not start. Their session survives, for those that withhold messages. */
async function serve(controllers: Type[], url: string, clientId: string): Promise<void> {
  if (controllers.length === 0) return;
  const module = await Test.createTestingModule({ controllers })
    .useMocker(() => ({}))
    .compile();
  const session = { clientId, clean: false, properties: { sessionExpiryInterval: 1 } };
  const app = module.createNestMicroservice<MicroserviceOptions>({ strategy: new ServerMqtt({ url, ...session }) });
  await app.listen();
  await app.close();
}

/** Those of the project; an example may leave a parameter unused. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  return { ...options, noEmit: true, noUnusedLocals: false, noUnusedParameters: false };
}
