import type { Logger } from '@nestjs/common';
import type { PublishPacket } from '../protocol/application-message.js';
import { NestProperty, nestProperty } from '../serialization/wire-contract.js';
import type { Publisher } from '../wire/publisher.js';
import type { PendingRequest } from './pending-request.js';

const EMPTY = Buffer.alloc(0);

/**
 * Tells servers that nobody follows a stream any more. Only a stream that has begun can be told to stop: any other handler ends by
 * itself, or by the request's expiry.
 */
export class StreamCancellation {
  constructor(
    private readonly publisher: Publisher,
    private readonly logger: Logger,
  ) {}

  /** The caller has given the request up. */
  cancel({ controlTopic, correlationData, ended }: PendingRequest): void {
    if (!ended && controlTopic !== undefined && correlationData) this.send(controlTopic, correlationData);
  }

  /** A reply has come that nobody waits for. */
  cancelBy({ properties }: PublishPacket): void {
    const correlationData = properties?.correlationData;
    const controlTopic = nestProperty(properties?.userProperties, NestProperty.control);
    if (controlTopic !== undefined && correlationData) this.send(controlTopic, correlationData);
  }

  private send(topic: string, correlationData: Buffer): void {
    const properties = { correlationData, userProperties: { [NestProperty.cancel]: '1' } };
    this.publisher.send({ topic, payload: EMPTY, qos: 1, retain: false, properties }, (error) => {
      if (error) this.logger.debug(`A stream could not be cancelled: ${error.message}`);
    });
  }
}
