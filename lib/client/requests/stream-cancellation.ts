import type { Logger } from '@nestjs/common';
import type { PublishPacket } from '../../protocol/application-message.js';
import { NestProperty, nestProperty } from '../../serialization/wire-contract.js';
import type { Publisher } from '../../wire/outbound/publisher.js';
import type { CorrelationData, RequestKey } from './correlation-data.js';
import type { Request } from './request.js';

const EMPTY = Buffer.alloc(0);
/** Format of a control topic in the wire contract. Cancellations are published to no other topic, because replies are untrusted. */
const CONTROL_TOPIC = /^control\/[^/+#$]+\/[0-9a-f]{16}$/;
/** Maximum number of ended requests that are remembered, because a stream may still start for them. */
const MAX_REMEMBERED = 1_000;

/**
 * Publishes the cancellation of streams. Only a stream that has started can be cancelled: other handlers end by themselves, or when the
 * request expires. Only streams of this client's own requests are cancelled, because any client can send a message with a control topic.
 */
export class StreamCancellation {
  /** Requests that ended without an answer, oldest first. */
  private readonly givenUp = new Set<RequestKey>();

  constructor(
    private readonly publisher: Publisher,
    private readonly correlation: CorrelationData,
    private readonly logger: Logger,
  ) {}

  /** A request has ended. @param answered whether a responder has sent the result */
  ended({ streams, correlationData, responseTopic, sent, key }: Request, answered: boolean): void {
    if (!correlationData || !sent || key === undefined) return;
    if (streams)
      for (const { controlTopic, ended } of streams)
        if (!ended) this.send(controlTopic, responseTopic!, correlationData);
    if (answered && !streams) return;
    this.givenUp.delete(key);
    this.givenUp.add(key);
    if (this.givenUp.size > MAX_REMEMBERED) this.givenUp.delete(this.givenUp.values().next().value!);
  }

  /** A reply without a pending request: possibly the first value of a stream whose caller has ended the request. */
  late({ topic, properties }: PublishPacket): void {
    const correlationData = properties?.correlationData;
    if (!correlationData || !this.givenUp.has(this.correlation.keyOf(correlationData))) return;
    this.send(nestProperty(properties.userProperties, NestProperty.control), topic, correlationData);
  }

  /** Includes the Response Topic, because another caller may use the same Correlation Data. */
  private send(topic: string | undefined, responseTopic: string, correlationData: Buffer): void {
    if (topic === undefined || !CONTROL_TOPIC.test(topic)) return;
    const properties = { responseTopic, correlationData, userProperties: { [NestProperty.cancel]: '1' } };
    this.publisher.send({ topic, payload: EMPTY, qos: 0, retain: false, properties }, (error) => {
      if (error) this.logger.debug(`A stream could not be cancelled: ${error.message}`);
    });
  }
}
