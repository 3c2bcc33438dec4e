import type { DeduplicationStore } from '../protocol/deduplication-store.js';
import type { Settling } from '../protocol/delivery.js';
import type { ReceivedMessage } from './received-message.js';

/** What a handler keeps to know its requests again. */
export interface Deduplication {
  readonly store: DeduplicationStore;
  /** Requests that run here, with the settlements of their duplicates, which are settled when they are. */
  readonly running: Map<string, (Settling | undefined)[]>;
}

/** By what a request is known again; undefined when it cannot be. */
export function deduplicationKey({ packet }: ReceivedMessage): string | undefined {
  const { responseTopic, correlationData } = packet.properties ?? {};
  return responseTopic === undefined || !correlationData
    ? undefined
    : `${correlationData.toString('base64')} ${responseTopic}`;
}
