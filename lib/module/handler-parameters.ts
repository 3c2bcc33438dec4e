import { PATH_METADATA } from '@nestjs/common/constants.js';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';

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
  const metadata = Reflect.getMetadata(PARAM_ARGS_METADATA, type, name) as
    Readonly<Record<string, unknown>> | undefined;
  if (metadata === undefined) return []; // Nest passes payload and context in this order
  // keys are "<decorator>:<index>"
  const decoratorAt = new Map(Object.keys(metadata).map((key) => [Number(key.split(':')[1]), key.split(':')[0]!]));
  const undecorated = Array.from({ length: method.length }, (_, index) => index).filter(
    (index) => !decoratorAt.has(index),
  );
  const forHttp = Reflect.hasMetadata(PATH_METADATA, method) ? [] : [...decoratorAt];
  return [
    ...undecorated.map(
      (index) =>
        `its parameter ${index + 1} has no decorator, and is undefined because another parameter has one. Add @Payload() or @Ctx().`,
    ),
    ...forHttp.flatMap(([index, decorator]) => {
      const http = HTTP_DECORATORS.get(decorator);
      return http === undefined
        ? []
        : [`its parameter ${index + 1} has ${http}, which is for HTTP. Use @Payload(), @Ctx() or @TopicParam().`];
    }),
  ];
}
