import { RpcException } from '@nestjs/microservices';
import { assertRefusal } from '../protocol/refusal.js';

/**
 * Exceptions that end a handler early and settle its message, whatever the ack policy. They may be thrown in guards,
 * pipes, interceptors and handlers; Nest's exception handling passes them on and does not log them. A custom filter that
 * catches everything decides for itself: it keeps the decision when it passes the exception on (`super.catch(...)`).
 *
 * To the caller of a request they are an `RpcException` with their message.
 */
abstract class AcknowledgementException extends RpcException {
  /** What Nest's filters pass on: the exception itself, by which it is known again afterwards. */
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

/** Ends the handler and refuses the message for good; see `MqttContext.reject()` for what the broker is told. */
export class RejectMessage extends AcknowledgementException {
  /**
   * @param reasonString shown to the broker (5.0)
   * @param reasonCode 0x80, 0x83, 0x87, 0x90, 0x91, 0x97 or 0x99; default: the handler's `rejectReasonCode`
   * @throws InvalidOptionsError when it is another one: brokers may end the connection over it
   */
  constructor(
    readonly reasonString = 'Message rejected',
    readonly reasonCode?: number,
  ) {
    super(reasonString);
    assertRefusal(reasonCode);
  }
}
