import type { ConcurrencyGate } from '../concurrency/concurrency-gate.js';
import type { ResolvedServerOptions } from '../options/server-options.js';
import { TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from '../routing/handler.js';
import { defaultCodec } from '../serialization/codecs.js';
import { withSerializer } from '../serialization/nest-serializers.js';
import type { Deduplication } from './deduplication.js';
import type { HandlerRuntime } from './handler-runtime.js';
import { MemoryDeduplicationStore } from './memory-deduplication-store.js';
import { ResponseTopics } from './response-topics.js';

/** Makes all that a handler needs to run, once, so that nothing has to be made for each message. */
export function createHandlerRuntime(
  handler: Handler,
  options: ResolvedServerOptions,
  gate: ConcurrencyGate,
): HandlerRuntime {
  const codec = handler.options.codec ?? options.codec ?? defaultCodec;
  const { serializer, allowedResponseTopics } = options;
  return {
    ...handler,
    codec,
    lane: gate.lane(handler.options.maxWorkers),
    deduplication: deduplicationOf(handler),
    replyDefaults: {
      codec: withSerializer(codec, serializer, (response) => ({ response, isDisposed: true })),
      envelopeCodec: withSerializer(defaultCodec, serializer, (packet) => packet),
      publish: options.publishOptions,
    },
    responseTopics: new ResponseTopics(
      handler.filter,
      allowedResponseTopics?.map((filter) => TopicFilter.parse(filter)),
    ),
  };
}

function deduplicationOf({ isEventHandler, options: { deduplicate } }: Handler): Deduplication | undefined {
  if (isEventHandler || deduplicate === false) return undefined;
  return { store: deduplicate === true ? new MemoryDeduplicationStore() : deduplicate.store, running: new Map() };
}
