import type { QoS } from '../protocol/application-message.js';
import type { MqttFigures } from './mqtt-health.js';
import type { MqttHandlerFigures } from './mqtt-observed-handler.js';

/** The connection of a server or a client, from its start until it is closed. All calls about it get the same object. */
export interface MqttObservedConnection {
  readonly role: 'server' | 'client';
  /** The option `name`, set by `MqttModule` to its own `name`; undefined for the unnamed broker. */
  readonly name: string | undefined;
  readonly clientId: string;
  /** URL of the broker without credentials, such as `mqtt://localhost:1883`. */
  readonly broker: string;
  readonly protocolVersion: 4 | 5;
  /** Present health and load, for gauges that are read on collection. */
  figures(): MqttFigures;
  /** Present load of each handler, in the order of registration; empty on a client. */
  handlers(): readonly MqttHandlerFigures[];
}

/** An event of a connection; see {@link MqttObserver.connection}. */
export type MqttConnectionEvent =
  /** A server starts to listen, or a client is used for the first time. The first event of a connection. */
  | { readonly kind: 'opened' }
  /**
   * The broker has accepted a network connection. `first` is true for the first one only; `sessionPresent` says whether the
   * broker resumes the session.
   */
  | { readonly kind: 'connected'; readonly first: boolean; readonly sessionPresent: boolean }
  /** The network connection has ended. */
  | { readonly kind: 'lost'; readonly error: Error | undefined }
  /** A connection attempt has failed. */
  | { readonly kind: 'attempt-failed'; readonly error: Error }
  /** The broker has no session for this client any more: messages it had queued are lost. */
  | { readonly kind: 'session-lost' }
  /** The broker has granted a Topic Filter, with its maximum QoS. Includes the Response Topic of a client, which differs for each process. */
  | { readonly kind: 'subscribed'; readonly filter: string; readonly qos: QoS }
  /** The broker has refused a Topic Filter. */
  | { readonly kind: 'subscription-refused'; readonly filter: string; readonly reasonCode: number }
  /** The connection is closed, or given up with an error. The last event of a connection. */
  | { readonly kind: 'closed'; readonly error: Error | undefined };
