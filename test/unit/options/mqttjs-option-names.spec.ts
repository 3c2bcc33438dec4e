import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { MQTTJS_OPTION_NAMES, SOCKET_OPTION_NAMES, WITHOUT_EFFECT } from '../../../lib/options/mqttjs-option-names.js';

const SOURCE = fileURLToPath(new URL('asked.ts', import.meta.url));

/** Property names of types as the installed declarations have them. */
function namesOfTypes(source: string): Map<string, string[]> {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    skipLibCheck: true,
    strict: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => path === SOURCE || fileExists.call(host, path);
  host.getSourceFile = (path, version) =>
    path === SOURCE ? ts.createSourceFile(path, source, version) : getSourceFile.call(host, path, version);
  const program = ts.createProgram([SOURCE], options, host);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(SOURCE)!)!;
  return new Map(
    checker.getExportsOfModule(module).map((exported) => {
      const type = checker.getTypeOfSymbol(exported);
      return [exported.name, checker.getPropertiesOfType(type).map(({ name }) => name)];
    }),
  );
}

const types = namesOfTypes(`
  import type { IClientOptions } from 'mqtt';
  import type { TcpNetConnectOpts } from 'node:net';
  import type { ConnectionOptions } from 'node:tls';
  export declare const client: IClientOptions;
  export declare const tls: ConnectionOptions;
  export declare const tcp: TcpNetConnectOpts;
`);

describe('the options that MQTT.js takes', () => {
  it('are those of its declarations: none of them is refused', () => {
    expect([...MQTTJS_OPTION_NAMES].toSorted()).toEqual(types.get('client')!.toSorted());
  });

  it('go with those of tls.connect(), which it passes on', () => {
    expect([...SOCKET_OPTION_NAMES].toSorted()).toEqual(
      [...new Set([...types.get('tls')!, ...types.get('tcp')!])].toSorted(),
    );
  });

  it('are known where they do nothing here', () => {
    expect([...WITHOUT_EFFECT.keys()].filter((name) => !MQTTJS_OPTION_NAMES.has(name))).toEqual([]);
  });
});
