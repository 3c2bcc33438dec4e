import type { Transport } from '@nestjs/microservices';
import { PATTERN_METADATA, TRANSPORT_METADATA } from '@nestjs/microservices/constants.js';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { DECLARED_AT, DECORATED, extrasOf } from '../routing/decorators/handler-extras.js';
import { parameterProblems } from './handler-parameters.js';

/** A method with a pattern. */
export interface DeclaredHandler {
  readonly method: string;
  readonly transport: Transport | symbol | undefined;
  /** See {@link parameterProblems}. */
  readonly problems: readonly string[];
}

/** A class of the application with handlers, or with decorators of this package. */
export interface DeclaringClass {
  readonly name: string;
  readonly isController: boolean;
  /** Whether the class is decorated with `@MqttSubscription`. */
  readonly decorated: boolean;
  readonly handlers: readonly DeclaredHandler[];
  /** Methods with a decorator of this package, but without a pattern. */
  readonly withoutPattern: readonly string[];
}

/** The classes of an application with handlers, or with decorators of this package. */
export function declaringClasses(modules: ModulesContainer): DeclaringClass[] {
  const found = new Map<object, DeclaringClass>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of controllers.values()) add(found, metatype, true);
    for (const { metatype } of providers.values()) add(found, metatype, false);
  }
  return [...found.values()];
}

function add(found: Map<object, DeclaringClass>, type: unknown, isController: boolean): void {
  if (typeof type !== 'function' || typeof type.prototype !== 'object' || type.prototype === null) return;
  if (found.get(type)?.isController) return;
  const prototype = type.prototype as Record<string, unknown>;
  const methods = new MetadataScanner().getAllMethodNames(prototype).map((name) => [name, prototype[name]] as const);
  const declared: DeclaringClass = {
    name: type.name,
    isController,
    decorated: Reflect.hasOwnMetadata(DECORATED, type),
    handlers: methods.flatMap(([name, method]) => {
      if (!hasPattern(method)) return [];
      const transport = Reflect.getMetadata(TRANSPORT_METADATA, method) as Transport | symbol | undefined;
      return [{ method: name, transport, problems: parameterProblems(type, name, method) }];
    }),
    withoutPattern: methods
      .filter(([, method]) => typeof method === 'function' && !hasPattern(method) && DECLARED_AT in extrasOf(method))
      .map(([name]) => name),
  };
  if (declared.decorated || declared.handlers.length > 0 || declared.withoutPattern.length > 0)
    found.set(type, declared);
}

function hasPattern(method: unknown): method is (...args: never[]) => unknown {
  return typeof method === 'function' && Reflect.hasMetadata(PATTERN_METADATA, method);
}
