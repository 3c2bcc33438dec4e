import type { CanActivate, ExecutionContext, INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import type { AsyncApiDocument } from '../document/async-api-document.js';
import { pageController } from './page.controller.js';
import { readPageFiles } from './page-files.js';

/** A guard of Nest, as a class or an object, or a function that says whether a request may see the page. */
export type PageGuard = Type<CanActivate> | CanActivate | ((context: ExecutionContext) => boolean | Promise<boolean>);

/** Options of {@link MqttAsyncApi.setup}. */
export interface AsyncApiPageOptions {
  /** Who may see the page and the document, beside the application's global guards. Who may not gets 403. Default: everybody. */
  guard?: PageGuard;
  /** Modules whose providers the guard needs. Global ones need not be named. */
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
      'The routes of the application are made already. Call MqttAsyncApi.setup() before init() and listen().',
    );
  const files = await readPageFiles(document);
  class AsyncApiPageModule {}
  // a module that is loaded before the routes are made gets its routes with all others
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
