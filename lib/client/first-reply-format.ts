import { FeatureNotSupportedError } from '../errors/feature-not-supported.error.js';
import { PayloadDecodeError } from '../errors/payload-decode.error.js';
import type { PublishPacket } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { assertTopicName } from '../protocol/topic-name.js';
import type { MessageComposer } from './message-composer.js';
import type { PendingRequests } from './pending-requests.js';
import { replyOf } from './reply-reader.js';
import type { ComposedRequest, RequestCall, RequestFormat } from './request-format.js';

/** 3.1.1 without an envelope: nothing names the request, so the first message on its Response Topic is the answer. */
export class FirstReplyFormat implements RequestFormat {
  readonly exclusive = true;

  constructor(
    private readonly pending: PendingRequests,
    private readonly composer: MessageComposer,
    private readonly codec: MqttCodec,
  ) {}

  check({ topic, options }: RequestCall): void {
    this.composer.check(topic, { ...options, responseTopic: undefined });
    if (options.responseTopic !== undefined) {
      assertTopicName(options.responseTopic);
      return;
    }
    throw new FeatureNotSupportedError(
      `The plain request on "${topic}"`,
      'MQTT 3.1.1 cannot carry a Response Topic',
      "Name the responseTopic that the handler answers on, use envelope: 'nest', or use protocolVersion 5",
    );
  }

  responseTopic({ options }: RequestCall): string | undefined {
    return options.responseTopic;
  }

  compose({ topic, data, options }: RequestCall, responseTopic: string): ComposedRequest {
    return {
      key: responseTopic,
      message: this.composer.compose(topic, data, { ...options, responseTopic: undefined }),
    };
  }

  receive(topic: string, payload: Buffer, packet: PublishPacket): boolean {
    const request = this.pending.find(topic);
    if (!request || packet.retain) return false; // what was kept from before the request cannot answer it
    const codec = request.codec ?? this.codec;
    try {
      request.single(replyOf(codec.decode(payload, { contentType: undefined, topic }), topic, packet));
    } catch (cause) {
      request.fail(new PayloadDecodeError(topic, undefined, { cause }));
    }
    return true;
  }
}
