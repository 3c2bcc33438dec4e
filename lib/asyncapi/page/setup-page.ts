import type { CanActivate, ExecutionContext, INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import type { AsyncApiDocument } from '../document/async-api-document.js';
import { pageController } from './page.controller.js';
import { readPageFiles } from './page-files.js';

/** A Nest guard, as a class or an object, or a function that decides whether a request may see the page. */
export type PageGuard = Type<CanActivate> | CanActivate | ((context: ExecutionContext) => boolean | Promise<boolean>);

/** Options of {@link MqttAsyncApi.setup}. */
export interface AsyncApiPageOptions {
  /** Guard of the page and the document, in addition to the application's global guards. Default: none. */
  guard?: PageGuard;
  /** Modules whose providers the guard injects. Global modules need not be listed. */
  imports?: ModuleMetadata['imports'];
}

/** Adds the page to the application, as a module with a controller; see {@link MqttAsyncApi.setup}. */
export async function setupPage(
  path: string,
  app: INestApplication,
  document: AsyncApiDocument,
  { guard, imports = [] }: AsyncApiPageOptions = {},
): Promise<void> {
  if ((app as unknown as { isInitialized: boolean }).isInitialized)
    throw new Error(
      'The routes of the application are registered already. Call MqttAsyncApi.setup() before init() and listen().',
    );
  const files = await readPageFiles(document);
  class AsyncApiPageModule {}
  // the routes of a module that is loaded before init() are registered with all others
  await app.get(LazyModuleLoader).load(
    () => ({
      module: AsyncApiPageModule,
      imports,
      controllers: [pageController(path, document.info.title, files, guard && guardOf(guard))],
    }),
    { logger: false },
  );
}

function guardOf(guard: PageGuard): Type<CanActivate> | CanActivate {
  if (typeof guard !== 'function' || isGuardClass(guard)) return guard;
  return { canActivate: (context) => guard(context) };
}

function isGuardClass(guard: Exclude<PageGuard, CanActivate>): guard is Type<CanActivate> {
  return typeof (guard.prototype as Partial<CanActivate> | undefined)?.canActivate === 'function';
}
