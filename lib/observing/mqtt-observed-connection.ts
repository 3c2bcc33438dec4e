import type { QoS } from '../protocol/application-message.js';
import type { MqttFigures } from './mqtt-health.js';
import type { MqttHandlerFigures } from './mqtt-observed-handler.js';

/** A server or a client with its connection, from when it starts until it is closed. One and the same object in everything that it tells. */
export interface MqttObservedConnection {
  readonly role: 'server' | 'client';
  /** The option `name`, which `MqttModule` sets to its own; undefined for the one unnamed broker. */
  readonly name: string | undefined;
  readonly clientId: string;
  /** Where it connects to, without credentials, such as `mqtt://localhost:1883`. */
  readonly broker: string;
  readonly protocolVersion: 4 | 5;
  /** How it stands now: for gauges that are read when they are collected. */
  figures(): MqttFigures;
  /** What its handlers are doing now, in the order in which Nest registered them; empty on a client. */
  handlers(): readonly MqttHandlerFigures[];
}

/** What happens to a connection; see {@link MqttObserver.connection}. */
export type MqttConnectionEvent =
  /** A server begins to listen, or a client is used first: before anything else is told of it. */
  | { readonly kind: 'opened' }
  /**
   * The broker has accepted a network connection. `first` is false for every one after the first; `sessionPresent` says whether the
   * broker resumes the session.
   */
  | { readonly kind: 'connected'; readonly first: boolean; readonly sessionPresent: boolean }
  /** The network connection is gone. */
  | { readonly kind: 'lost'; readonly error: Error | undefined }
  /** An attempt to connect has failed. */
  | { readonly kind: 'attempt-failed'; readonly error: Error }
  /** The broker does not know the session any more: what it had queued there is gone. */
  | { readonly kind: 'session-lost' }
  /** The broker has granted a Topic Filter, with the QoS that it delivers at most. A client's own Response Topic is one too: it differs from process to process. */
  | { readonly kind: 'subscribed'; readonly filter: string; readonly qos: QoS }
  /** The broker has refused a Topic Filter. */
  | { readonly kind: 'subscription-refused'; readonly filter: string; readonly reasonCode: number }
  /** It is over: closed, or given up with an error. Nothing is told of it any more but the ends of what was under way. */
  | { readonly kind: 'closed'; readonly error: Error | undefined };
