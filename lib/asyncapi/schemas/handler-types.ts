import 'reflect-metadata';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';
import { RpcParamtype } from '@nestjs/microservices/enums/rpc-paramtype.enum.js';
import type { MethodSource } from '../../module/explored-application.js';
import { isClass, isStandardSchema, type SchemaSource } from './json-schema.js';

/** Nest's metadata of a decorated parameter; `schema` since Nest 12. */
interface ParameterMetadata {
  readonly index: number;
  readonly data?: unknown;
  readonly schema?: unknown;
}

/** The type of a method's payload, from a parameter. */
export interface PayloadType {
  readonly source: SchemaSource;
  /** Property of the payload that the parameter injects: `@Payload('name')`. */
  readonly property: string | undefined;
}

/** The payload parameters of a method: several if each injects a property of the payload. */
export function payloadTypesOf({ controller, name }: MethodSource): PayloadType[] {
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ?? []) as unknown[];
  return payloadParameters(controller, name).flatMap(({ index, data, schema }) => {
    const source = isStandardSchema(schema) ? schema : types[index];
    if (!isStandardSchema(source) && !isClass(source)) return [];
    return [{ source, property: typeof data === 'string' ? data : undefined }];
  });
}

/** The class that a method returns; undefined for a promise, an observable, or a type that is not a class. */
export function returnTypeOf({ controller, name }: MethodSource): SchemaSource | undefined {
  const type: unknown = Reflect.getMetadata('design:returntype', controller.prototype as object, name);
  return isClass(type) && !WRAPPERS.has(type.name) ? type : undefined;
}

const WRAPPERS = new Set(['Promise', 'Observable', 'MqttResponse', 'Object']);

/** If no parameter is decorated, Nest passes the payload as the first one. */
function payloadParameters(controller: object, name: string): ParameterMetadata[] {
  const parameters = Reflect.getMetadata(PARAM_ARGS_METADATA, controller, name) as
    Record<string, ParameterMetadata> | undefined;
  if (!parameters) return [{ index: 0 }];
  return Object.entries(parameters)
    .filter(([key]) => key.startsWith(`${RpcParamtype.PAYLOAD}:`))
    .map(([, parameter]) => parameter)
    .toSorted((a, b) => a.index - b.index);
}
