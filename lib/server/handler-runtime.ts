import type { ConcurrencyLane } from '../concurrency/concurrency-gate.js';
import type { MqttCodec } from '../protocol/codec.js';
import type { Handler } from '../routing/handler.js';
import type { Deduplication } from './deduplication.js';
import type { ReplyDefaults } from './reply-encoder.js';
import type { ResponseTopics } from './response-topics.js';

/** A handler with what it needs to run, all of it made once, when the server starts. */
export interface HandlerRuntime extends Handler {
  readonly codec: MqttCodec;
  readonly lane: ConcurrencyLane;
  readonly replyDefaults: ReplyDefaults;
  readonly responseTopics: ResponseTopics;
  /** Set when a request that arrives again is not to be run again. */
  readonly deduplication: Deduplication | undefined;
}
