import { textOfThrown } from './describe-thrown.js';
import { MAX_REASON_LENGTH, textOfErrorObject } from './failure-reason.js';
import { MqttTransportError } from './mqtt-transport.error.js';

/**
 * The handler of a request failed. Thrown by `ClientMqtt.request()`; the observable of `send()` errors with `data` itself, as in Nest.
 *
 * Its message is the one in `data`; else it has the reason in `data`: the list of messages of a `ValidationPipe`, or JSON. The reason has
 * 1,024 characters at most.
 *
 * When it leaves an HTTP handler, Nest answers with status 500. `MqttHttpExceptionFilter` answers with the `statusCode` of `data`.
 *
 * @typeParam T type of `data`, the error of the handler's `RpcException`
 */
export class RemoteError<T = unknown> extends MqttTransportError {
  readonly isRemote = true;

  /** @param code kind of failure: `rpc`, `internal`, `bad-request`, `timeout`, `cancelled`, `unsupported-version` (Azure IoT Operations), or a code that newer responders introduce */
  constructor(
    readonly code: string,
    readonly data: T,
    readonly topic: string,
  ) {
    super(textOfThrown(data)?.slice(0, MAX_REASON_LENGTH) || sentence(code, data, topic));
  }
}

function sentence(code: string, data: unknown, topic: string): string {
  const reason = textOfErrorObject(data);
  return `The handler of "${topic}" failed (${code})${reason ? `: ${reason}` : '.'}`;
}
