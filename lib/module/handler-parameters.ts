import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';

/** Key of a path that Nest's HTTP decorators set on a method. */
const HTTP_PATH = 'path';

/** Parameter decorators of `@nestjs/common` by their number, as far as they cannot be mistaken for those of `@nestjs/microservices`. */
const HTTP_DECORATORS: ReadonlyMap<string, string> = new Map([
  ['0', '@Req()'],
  ['1', '@Res()'],
  ['2', '@Next()'],
  ['4', '@Query()'],
  ['5', '@Param()'],
]);

/** What is wrong with the parameters of a handler, each in a sentence that begins with "its". */
export function parameterProblems(type: object, name: string, method: (...args: never[]) => unknown): string[] {
  // keys are "<decorator>:<index>"
  const decorated = Reflect.getMetadata(PARAM_ARGS_METADATA, type, name) as
    Readonly<Record<string, unknown>> | undefined;
  if (decorated === undefined) return []; // Nest passes payload and context in this order
  const keys = Object.keys(decorated).map((key) => [key.slice(0, key.lastIndexOf(':')), indexOf(key)] as const);
  const indexes = new Set(keys.map(([, index]) => index));
  const undecorated = Array.from({ length: method.length }, (_, index) => index).filter((index) => !indexes.has(index));
  return [
    ...undecorated.map(
      (index) =>
        `its parameter ${index + 1} has no decorator, and is undefined because another parameter has one. Add @Payload() or @Ctx().`,
    ),
    ...(Reflect.hasMetadata(HTTP_PATH, method) ? [] : keys).flatMap(([decorator, index]) => {
      const http = HTTP_DECORATORS.get(decorator);
      return http === undefined
        ? []
        : [`its parameter ${index + 1} has ${http}, which is for HTTP. Use @Payload(), @Ctx() or @TopicParam().`];
    }),
  ];
}

function indexOf(key: string): number {
  return Number(key.slice(key.lastIndexOf(':') + 1));
}
