import type { PublishPacket } from '../../protocol/application-message.js';
import type { KeyedMessage } from '../../protocol/keyed-message.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { decodeWith } from '../../serialization/checked-codec.js';
import type { InvocationHost } from './invocation-host.js';
import type { ServedHandler } from './served-handler.js';

/** A message for a key function of the application. Its payload is decoded on first access. */
export class MessageWithData implements KeyedMessage {
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

  /** @throws any error of the codec */
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
