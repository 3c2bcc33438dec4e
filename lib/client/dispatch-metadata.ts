import type { ReadPacket } from '@nestjs/microservices';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { RequestCall } from './requests/request-call.js';

/** Nest 12 shows a client's hook every packet before it goes out. */
export type DispatchedPacket = ReadPacket & { metadata?: unknown };
export type DispatchHook = (packet: DispatchedPacket) => void;

/**
 * Has metadata travel with a message: as User Properties on 5.0, and where Nest's envelope is spoken in its `metadata`, where Nest's
 * own servers look for it. A plain message on 3.1.1 has no place for it.
 *
 * @throws InvalidOptionsError when a hook has given something else than names with texts
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
      problem: 'it is no set of names with a string each',
      remedy: 'Have the hook that was given to setOnDispatchHook() assign strings',
    },
  ]);
}
