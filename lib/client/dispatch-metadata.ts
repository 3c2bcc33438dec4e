import type { ReadPacket } from '@nestjs/microservices';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { RequestCall } from './requests/request-call.js';

/** Nest 12 passes every packet to the dispatch hook of a client before it is sent. */
export type DispatchedPacket = ReadPacket & { metadata?: unknown };
export type DispatchHook = (packet: DispatchedPacket) => void;

/**
 * Adds metadata to a message: as User Properties on 5.0, and in `metadata` of Nest's envelope, where Nest's own servers read it. A plain
 * message on 3.1.1 cannot carry metadata.
 *
 * @throws InvalidOptionsError when the metadata of a hook is not an object of strings
 */
export function withMetadata(call: RequestCall, metadata: unknown, protocolVersion: 4 | 5): RequestCall {
  if (!isMetadata(metadata)) throw invalidMetadata();
  if (protocolVersion === 4) return { ...call, metadata };
  return {
    ...call,
    metadata,
    options: { ...call.options, userProperties: { ...metadata, ...call.options.userProperties } },
  };
}

function isMetadata(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}

function invalidMetadata(): InvalidOptionsError {
  return new InvalidOptionsError([
    {
      option: 'metadata of the dispatch hook',
      problem: 'it is not an object of strings',
      remedy: 'Assign only strings in the hook of setOnDispatchHook()',
    },
  ]);
}
