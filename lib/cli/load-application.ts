import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { INestApplication, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { exploreApplication } from '../module/explored-application.js';
import { UsageError } from './command.js';
import { noHttpAdapter } from '../module/no-http-adapter.js';

type Export = Parameters<typeof NestFactory.create>[0];

/**
 * Creates the application of a module without starting it: no lifecycle hook runs and nothing connects.
 *
 * @param specifier path of a compiled file and the name of an export: a module, or a function that returns a module or an application.
 *   Default: `#AppModule`.
 */
export async function loadApplication(specifier: string): Promise<INestApplicationContext> {
  const [path, name] = splitSpecifier(specifier);
  const exported = await exportOf(path, name);
  const made: unknown = isFactory(exported) ? await exported() : exported;
  return isApplication(made) ? made : applicationOf(made as Export);
}

function splitSpecifier(specifier: string): [path: string, name: string] {
  const hash = specifier.lastIndexOf('#');
  return hash < 0 ? [specifier, 'AppModule'] : [specifier.slice(0, hash), specifier.slice(hash + 1)];
}

async function exportOf(path: string, name: string): Promise<unknown> {
  const exports = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  if (exports[name] !== undefined) return exports[name];
  const names = namesOf(exports);
  const others = names.length > 0 ? `, or one of its exports, ${names.join(', ')}, as in ${path}#${names[0]}` : '';
  throw new UsageError(
    `"${path}" does not export "${name}". Give the file of the module, not main.ts, such as dist/app.module.js${others}.`,
  );
}

/** The exports that the file itself names: Node adds more to those of CommonJS. */
function namesOf(exports: Readonly<Record<string, unknown>>): readonly string[] {
  const isCommonJs = '__esModule' in exports || 'module.exports' in exports;
  const added = isCommonJs ? ['__esModule', 'module.exports', 'default'] : [];
  return Object.keys(exports).filter((name) => !added.includes(name));
}

/** A function that is not a class: the prototype of a class is not writable. */
function isFactory(exported: unknown): exported is () => unknown {
  if (typeof exported !== 'function') return false;
  return Object.getOwnPropertyDescriptor(exported, 'prototype')?.writable !== false;
}

function isApplication(made: unknown): made is INestApplicationContext {
  return typeof made === 'object' && made !== null && 'get' in made && 'close' in made;
}

/** Creates the application with all servers of `MqttModule`. */
async function applicationOf(module: Export): Promise<INestApplication> {
  const app = await NestFactory.create(module, noHttpAdapter(), { logger: ['error'], abortOnError: false });
  const { servers } = exploreApplication(app);
  for (const strategy of servers) app.connectMicroservice<MicroserviceOptions>({ strategy });
  return app;
}
