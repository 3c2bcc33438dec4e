import 'reflect-metadata';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { topicOfPattern } from '../protocol/pattern.js';
import { extrasOf, placeOf, recordDeclaration } from '../routing/decorators/handler-extras.js';

/**
 * Records class and method of all handlers of an application, for errors and logs: Nest does not pass them on. Called while providers are
 * created, which is before Nest registers handlers.
 *
 * @throws InvalidTopicError for a Symbol as a pattern, with which Nest itself throws a TypeError that names no handler
 */
export function nameHandlers(modules: ModulesContainer): void {
  for (const { controllers } of modules.values())
    for (const { metatype } of controllers.values())
      if (typeof metatype === 'function') nameHandlersOf(metatype.prototype as Record<string, object>);
}

function nameHandlersOf(prototype: Record<string, object>): void {
  for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[name]!;
    const patterns = Reflect.getMetadata(PATTERN_METADATA, method) as readonly unknown[] | undefined;
    if (patterns === undefined) continue;
    recordDeclaration(method, ownerOf(prototype, name), name);
    for (const pattern of patterns)
      if (typeof pattern === 'symbol') topicOfPattern(pattern, () => undefined, placeOf(extrasOf(method)));
  }
}

/** The prototype that has the method itself: that of the controller, or of a class that it extends. */
function ownerOf(prototype: object, name: string): object {
  let owner = prototype;
  while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object;
  return owner;
}
