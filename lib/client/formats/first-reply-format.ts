import { FeatureNotSupportedError } from '../../errors/feature-not-supported.error.js';
import { PayloadDecodeError } from '../../errors/payload-decode.error.js';
import type { OutgoingMessage, PublishPacket } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import type { MessageComposer } from '../message-composer.js';
import type { Request } from '../requests/request.js';
import type { RequestCall } from '../requests/request-call.js';
import type { AwaitedRequests, RequestFormat } from './request-format.js';

/** 3.1.1 without an envelope: replies do not identify their request, so the first message on its Response Topic is the reply. */
export class FirstReplyFormat implements RequestFormat {
  readonly exclusive = true;
  readonly enveloped = false;

  constructor(
    private readonly composer: MessageComposer,
    private readonly codec: MqttCodec,
  ) {}

  check({ topic, options }: RequestCall): void {
    this.composer.check(topic, { ...options, responseTopic: undefined });
    if (options.responseTopic !== undefined) {
      this.composer.checkTopic(options.responseTopic);
      return;
    }
    throw new FeatureNotSupportedError(
      `The plain request on "${topic}"`,
      'MQTT 3.1.1 has no Response Topic',
      "Set the responseTopic to which the handler replies, use envelope: 'nest', or use protocolVersion 5",
    );
  }

  responseTopic({ options }: RequestCall): string | undefined {
    return options.responseTopic;
  }

  compose(request: Request): OutgoingMessage {
    const { topic, data, options } = request.call;
    request.key = request.responseTopic;
    return this.composer.compose(topic, data, options);
  }

  receive(packet: PublishPacket, awaited: AwaitedRequests): boolean {
    const { topic, payload, retain } = packet;
    const request = awaited.get(topic);
    if (!request || retain) return false; // a retained message was published before the request
    const codec = request.call.options.codec ?? this.codec;
    let value: unknown;
    try {
      value = codec.decode(payload, { contentType: undefined, topic });
    } catch (cause) {
      request.fail(new PayloadDecodeError(topic, undefined, { cause }));
      return true;
    }
    request.single(value, packet);
    return true;
  }
}
