import type { MqttObservedConnection } from './mqtt-observed-connection.js';

/** A request of a client. All calls about it get the same object. */
export interface MqttObservedRequest {
  readonly connection: MqttObservedConnection;
  /** Topic Name. Not suitable as a metric label: there may be one for each device. */
  readonly topic: string;
  /** The first of the client's `topicTemplates` that matches; undefined if none does. */
  readonly template: string | undefined;
  /** Timeout in milliseconds; `Infinity` for none. */
  readonly timeoutMs: number;
}

/**
 * How a request has ended: `replied`; `remote-error` when the handler failed; `timeout`; `cancelled` by its caller; `refused` by the
 * broker, also when it has no matching subscriber; `overflow` of the queue; `closed` with the connection; or `failed` before it was
 * sent, for another reason.
 */
export interface MqttRequestEnd {
  readonly outcome: 'replied' | 'remote-error' | 'timeout' | 'cancelled' | 'refused' | 'overflow' | 'closed' | 'failed';
  readonly error: Error | undefined;
}
