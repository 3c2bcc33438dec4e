import type { Logger } from '@nestjs/common';
import type { PublishPacket } from '../../protocol/application-message.js';
import { NestProperty, nestProperty } from '../../serialization/wire-contract.js';
import type { Publisher } from '../../wire/outbound/publisher.js';
import type { CorrelationData, RequestKey } from './correlation-data.js';
import type { Request } from './request.js';

const EMPTY = Buffer.alloc(0);
/** The form that the contract gives a control topic. Nothing else is published to, whoever names it. */
const CONTROL_TOPIC = /^control\/[^/+#$]+\/[0-9a-f]{16}$/;
/** Requests that are remembered after their end, because a stream may still begin for them. */
const MAX_REMEMBERED = 1_000;

/**
 * Tells responders that nobody follows a stream any more. Only a stream that has begun can be told to stop: any other handler ends
 * by itself, or by the request's expiry. And only streams that this client has asked for are told: anybody can send a message that
 * names a topic.
 */
export class StreamCancellation {
  /** Requests that ended here before they were answered, oldest first. */
  private readonly givenUp = new Set<RequestKey>();

  constructor(
    private readonly publisher: Publisher,
    private readonly correlation: CorrelationData,
    private readonly logger: Logger,
  ) {}

  /** A request has ended. @param answered whether a responder said so */
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

  /** A message has come that nobody waits for: maybe the first value of a stream whose caller has gone. */
  late({ topic, properties }: PublishPacket): void {
    const correlationData = properties?.correlationData;
    if (!correlationData || !this.givenUp.has(this.correlation.keyOf(correlationData))) return;
    this.send(nestProperty(properties.userProperties, NestProperty.control), topic, correlationData);
  }

  /** Names the Response Topic too: another caller may have chosen the same Correlation Data. */
  private send(topic: string | undefined, responseTopic: string, correlationData: Buffer): void {
    if (topic === undefined || !CONTROL_TOPIC.test(topic)) return;
    const properties = { responseTopic, correlationData, userProperties: { [NestProperty.cancel]: '1' } };
    this.publisher.send({ topic, payload: EMPTY, qos: 0, retain: false, properties }, (error) => {
      if (error) this.logger.debug(`A stream could not be cancelled: ${error.message}`);
    });
  }
}
