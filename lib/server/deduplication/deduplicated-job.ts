import { describeThrown } from '../../errors/describe-thrown.js';
import { DEFAULT_RETRY } from '../../options/subscription-options.js';
import type { PublishPacket } from '../../protocol/application-message.js';
import type { Settling } from '../../protocol/delivery.js';
import type { KeyedMessage } from '../../protocol/keyed-message.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { decodeWith } from '../../serialization/checked-codec.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { Job } from '../handling/concurrency-gate.js';
import { Invocation } from '../handling/invocation.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import type { ServedHandler } from '../handling/served-handler.js';
import { DeduplicatedRun } from './deduplicated-run.js';
import type { Deduplication } from './deduplication.js';

/** What runs a message of a handler that has `deduplicate`. When its key cannot be found, it fails as by its handler. */
export function deduplicatedJob(
  deduplication: Deduplication,
  message: InboundMessage,
  handler: ServedHandler,
  params: TopicParams,
  settling: Settling,
  host: InvocationHost,
): Job {
  try {
    const key = deduplication.keyOf(new MessageWithData(message.packet, params, handler, host));
    if (key !== undefined) return new DeduplicatedRun(key, deduplication, message, handler, params, settling, host);
    return new Invocation(message, handler, params, settling, host);
  } catch (error) {
    return new Invocation(message, failing(handler, error), params, settling, host);
  }
}

class MessageWithData implements KeyedMessage {
  private decoded: { readonly data: unknown } | undefined;

  constructor(
    readonly packet: PublishPacket,
    readonly params: TopicParams,
    private readonly handler: ServedHandler,
    private readonly host: InvocationHost,
  ) {}

  get topic(): string {
    return this.packet.topic;
  }

  /** @throws what the codec throws */
  get data(): unknown {
    this.decoded ??= { data: this.decode() };
    return this.decoded.data;
  }

  private decode(): unknown {
    const { topic, payload, properties } = this.packet;
    const value = decodeWith(this.handler.codec, payload, { contentType: properties?.contentType, topic });
    const envelope = this.host.readEnvelope(value, topic);
    return envelope === undefined ? value : envelope.data;
  }
}

/** The same handler, were it to fail at once, and for good. */
function failing(handler: ServedHandler, cause: unknown): ServedHandler {
  const error = new Error(`deduplicate.key failed: ${describeThrown(cause)}`, { cause });
  const fail = (): never => {
    throw error;
  };
  return { ...handler, callback: fail as never, options: { ...handler.options, retry: DEFAULT_RETRY } };
}
