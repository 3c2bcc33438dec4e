import { MqttTransportError } from './mqtt-transport.error.js';

/**
 * The handler of a request failed. Thrown by `ClientMqtt.request()`; `send()` errors with `data` itself, the way Nest does.
 *
 * @typeParam T shape of the error object, which is what the handler's `RpcException` carried
 */
export class RemoteError<T = unknown> extends MqttTransportError {
  readonly isRemote = true;

  /** @param code kind of the failure: `rpc`, `internal`, `bad-request`, `timeout`, `cancelled`, `unsupported-version` (Azure IoT Operations), or one that is newer than this client */
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
