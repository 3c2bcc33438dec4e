import type { DeduplicationStore } from '../../protocol/deduplication-store.js';
import type { Settling } from '../../protocol/delivery.js';
import type { Handler } from '../../routing/handler.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import { MemoryDeduplicationStore } from './memory-deduplication-store.js';

/** What a handler keeps to know its requests again. */
export interface Deduplication {
  readonly store: DeduplicationStore;
  /** Requests that run here, with the settlements of their duplicates, which are settled when they are. */
  readonly running: Map<string, Settling[]>;
}

export function deduplicationOf({ isEventHandler, options: { deduplicate } }: Handler): Deduplication | undefined {
  if (isEventHandler || deduplicate === false) return undefined;
  return { store: deduplicate === true ? new MemoryDeduplicationStore() : deduplicate.store, running: new Map() };
}

/** By what a request is known again; undefined when it cannot be. */
export function deduplicationKey({ packet }: InboundMessage): string | undefined {
  const { responseTopic, correlationData } = packet.properties ?? {};
  return responseTopic === undefined || !correlationData
    ? undefined
    : `${correlationData.toString('base64')} ${responseTopic}`;
}
