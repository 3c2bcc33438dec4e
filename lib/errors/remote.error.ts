import { MqttTransportError } from './mqtt-transport.error.js';

/**
 * The handler of a request failed. Thrown by `ClientMqtt.request()`; the observable of `send()` errors with `data` itself, as in Nest.
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
    super(messageOf(data) ?? `The handler of "${topic}" failed (${code}).`);
  }
}

function messageOf(data: unknown): string | undefined {
  if (typeof data === 'string') return data;
  if (typeof data !== 'object' || data === null || !('message' in data)) return undefined;
  return typeof data.message === 'string' ? data.message : undefined;
}
