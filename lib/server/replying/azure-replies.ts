import type { OutgoingMessage, UserProperties } from '../../protocol/application-message.js';
import { textOfErrorObject } from '../../errors/failure-reason.js';
import {
  azureFailure,
  AzureProperty,
  NO_CONTENT,
  OK,
  withAzureProperties,
} from '../../serialization/azure-iot-operations.js';
import type { StreamPosition } from '../../serialization/wire-contract.js';
import type { ReplyFormat, ReplyTarget } from './reply-format.js';

const SUCCESS: UserProperties = Object.freeze({ [AzureProperty.status]: OK });
const WITHOUT_VALUE: UserProperties = Object.freeze({ [AzureProperty.status]: NO_CONTENT });

/**
 * Replies for callers of Azure IoT Operations: the plain format with the status that they require. Callers of the plain format ignore the
 * status. The protocol has no streams: its callers use the first value.
 */
export class AzureReplies implements ReplyFormat {
  constructor(
    private readonly plain: ReplyFormat,
    private readonly handlerTimeoutMs: number | undefined,
  ) {}

  single(target: ReplyTarget, value: unknown): OutgoingMessage | undefined {
    return withStatus(this.plain.single(target, value), value === undefined ? WITHOUT_VALUE : SUCCESS);
  }

  item(
    target: ReplyTarget,
    value: unknown,
    position: StreamPosition,
    controlTopic?: string,
  ): OutgoingMessage | undefined {
    return withStatus(this.plain.item(target, value, position, controlTopic), SUCCESS);
  }

  end(target: ReplyTarget, count: number): OutgoingMessage | undefined {
    return withStatus(this.plain.end(target, count), WITHOUT_VALUE);
  }

  failure(target: ReplyTarget, code: string, error: unknown, streaming?: boolean): OutgoingMessage | undefined {
    const told = azureFailure(code, textOfErrorObject(error) ?? 'The handler failed', this.handlerTimeoutMs);
    return withStatus(this.plain.failure(target, code, error, streaming), told);
  }
}

/** @param message undefined when the request has expired */
function withStatus(message: OutgoingMessage | undefined, status: UserProperties): OutgoingMessage | undefined {
  return message && withAzureProperties(message, status);
}
