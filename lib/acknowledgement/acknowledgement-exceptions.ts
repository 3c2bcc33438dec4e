import { RpcException } from '@nestjs/microservices';
import { assertRefusal } from '../protocol/refusal.js';

/**
 * Exceptions that end a handler and settle its message, whatever its ack policy. They may be thrown in guards, pipes, interceptors and
 * handlers. Nest's exception handling passes them on and does not log them. A custom filter that catches all exceptions must pass
 * them on too (`super.catch(...)`), or their decision is lost.
 *
 * The caller of a request gets them as an `RpcException` with their message.
 */
abstract class AcknowledgementException extends RpcException {
  /** The error that Nest's filters pass on: the exception itself, so that the transport recognises it. */
  override getError(): this {
    return this;
  }
}

/** Ends the handler and acknowledges the message. */
export class AckMessage extends AcknowledgementException {
  constructor(message = 'Message acknowledged') {
    super(message);
  }
}

/** Ends the handler and withholds the acknowledgement: the broker delivers the message again when the session is resumed. */
export class NackMessage extends AcknowledgementException {
  constructor(message = 'Message not acknowledged') {
    super(message);
  }
}

/** Ends the handler and rejects the message permanently; see `MqttContext.reject()` for what is sent to the broker. */
export class RejectMessage extends AcknowledgementException {
  /**
   * @param reasonString sent to the broker (5.0)
   * @param reasonCode 0x80, 0x83, 0x87, 0x90, 0x91, 0x97 or 0x99; default: the handler's `rejectReasonCode`
   * @throws InvalidOptionsError for another reason code: brokers may close the connection because of it
   */
  constructor(
    readonly reasonString = 'Message rejected',
    readonly reasonCode?: number,
  ) {
    super(reasonString);
    assertRefusal(reasonCode);
  }
}
