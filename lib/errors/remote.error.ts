import { MAX_REASON_LENGTH, textOfErrorObject } from './failure-reason.js';
import { MqttTransportError } from './mqtt-transport.error.js';

/**
 * The handler of a request failed. Thrown by `ClientMqtt.request()`; the observable of `send()` errors with `data` itself, as in Nest.
 *
 * Its message names the topic, and has the reason in `data`: its message, the list of messages of a `ValidationPipe`, or JSON. The reason
 * has 1,024 characters at most. An unknown error is masked by Nest (code `internal`): the log of the server has its reason.
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
    super(sentence(code, data, topic));
  }
}

function sentence(code: string, data: unknown, topic: string): string {
  const failed = `The handler of "${topic}" failed (${code})`;
  const reason = textOfErrorObject(data)?.slice(0, MAX_REASON_LENGTH);
  if (!reason) return `${failed}.`;
  return `${failed}: ${code === 'internal' ? `${reason}; the log of its server has the reason` : reason}`;
}
