import 'reflect-metadata';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';
import { RpcParamtype } from '@nestjs/microservices/enums/rpc-paramtype.enum.js';
import type { MethodSource } from '../../module/explored-application.js';
import { isClass, isStandardSchema, type SchemaSource } from './json-schema.js';

/** What Nest keeps about a decorated parameter; `schema` from Nest 12 on. */
interface ParameterMetadata {
  readonly index: number;
  readonly data?: unknown;
  readonly schema?: unknown;
}

/** How the payload of a method looks, as far as its parameters tell. */
export interface PayloadType {
  readonly source: SchemaSource;
  /** Property of the payload that the parameter takes: `@Payload('name')`. */
  readonly property: string | undefined;
}

/** The payload parameters of a method: several where each takes a property of the payload. */
export function payloadTypesOf({ controller, name }: MethodSource): PayloadType[] {
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ?? []) as unknown[];
  return payloadParameters(controller, name).flatMap(({ index, data, schema }) => {
    const source = isStandardSchema(schema) ? schema : types[index];
    if (!isStandardSchema(source) && !isClass(source)) return [];
    return [{ source, property: typeof data === 'string' ? data : undefined }];
  });
}

/** The class that a method is declared to return; undefined where it is a promise, an observable, or no class. */
export function returnTypeOf({ controller, name }: MethodSource): SchemaSource | undefined {
  const type: unknown = Reflect.getMetadata('design:returntype', controller.prototype as object, name);
  return isClass(type) && !WRAPPERS.has(type.name) ? type : undefined;
}

const WRAPPERS = new Set(['Promise', 'Observable', 'MqttResponse', 'Object']);

/** Without any decorated parameter, Nest passes the payload as the first one. */
function payloadParameters(controller: object, name: string): ParameterMetadata[] {
  const parameters = Reflect.getMetadata(PARAM_ARGS_METADATA, controller, name) as
    Record<string, ParameterMetadata> | undefined;
  if (!parameters) return [{ index: 0 }];
  return Object.entries(parameters)
    .filter(([key]) => key.startsWith(`${RpcParamtype.PAYLOAD}:`))
    .map(([, parameter]) => parameter)
    .toSorted((a, b) => a.index - b.index);
}
