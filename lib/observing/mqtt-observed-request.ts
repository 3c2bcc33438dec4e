import type { MqttObservedConnection } from './mqtt-observed-connection.js';

/** A request of a client. The same object in all that is told of it. */
export interface MqttObservedRequest {
  readonly connection: MqttObservedConnection;
  /** Topic Name. There may be one for each device: no label. */
  readonly topic: string;
  /** The first of the client's `topicTemplates` that matches; undefined where nothing is declared. */
  readonly template: string | undefined;
  /** Milliseconds that it may take; `Infinity` for any time. */
  readonly timeoutMs: number;
}

/**
 * How a request has ended: `replied`; `remote-error` when the handler has failed; `timeout`; `cancelled` by its caller; `refused` by
 * the broker, nobody having subscribed included; `overflow` of what may wait; `closed` with the connection; or `failed` for another
 * reason, before it was sent.
 */
export interface MqttRequestEnd {
  readonly outcome: 'replied' | 'remote-error' | 'timeout' | 'cancelled' | 'refused' | 'overflow' | 'closed' | 'failed';
  readonly error: Error | undefined;
}
