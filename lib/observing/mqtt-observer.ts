import type { MqttConnectionEvent, MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttDeadLetter, MqttDelivery, MqttHandled, MqttRetry, MqttSettlement } from './mqtt-delivery.js';
import type { MqttObservedHandler } from './mqtt-observed-handler.js';
import type { MqttDrop } from './mqtt-drop.js';
import type { MqttObservedRequest, MqttRequestEnd } from './mqtt-observed-request.js';
import type { MqttPublication, MqttPublishEnd } from './mqtt-publication.js';

/**
 * Told what a server or a client does: for tracing, metrics and pages that show it. Every method may be left out, and is called
 * synchronously: it has to be quick. One that throws, or returns what it should not, changes nothing but a line in the log.
 *
 * The life of a message at a server, for each handler that takes it: `received`, then `handle` for each run, with `retried` between
 * two of them, then `handled`. `settled` comes once, before, during or after the runs, at the latest when the server closes, and
 * never for a message at QoS 0 that a handler with `AckPolicy.MANUAL` does not decide about;
 * `deadLettered` comes before it. `completed` comes last, but for a handler with `AckPolicy.MANUAL` that settles later.
 *
 * @example
 * ```ts
 * class SlowHandlers implements MqttObserver {
 *   handled({ handler }: MqttDelivery, { durationMs }: MqttHandled): void {
 *     if (durationMs > 1_000) console.warn(`${handler.template} took ${Math.round(durationMs)} ms`);
 *   }
 * }
 * new ServerMqtt({ url: 'mqtt://localhost', observers: [new SlowHandlers()] });
 * ```
 */
export interface MqttObserver {
  /**
   * Whether a message for a handler is worth following: asked once for each, before anything is told of it. What is told of one that
   * no observer follows are its failures only, and what comes after the first of them: `retried`, a `handled` that failed, a
   * `settled` other than `acked`, `deadLettered`; its times then count from that failure. `dropped` is told of all. Default: every message.
   *
   * For observers that sample, or that nobody looks at: a message that is not followed costs next to nothing. Where several observers
   * ask for different messages, all of them are told of those that one of them follows.
   */
  follows?(handler: MqttObservedHandler, topic: string): boolean;
  /** A message is going to be sent. It may be given texts to travel along. @returns what is told how it has ended, once */
  publish?(publication: MqttPublication): ((end: MqttPublishEnd) => void) | void;
  /** A client makes a request. @returns what is told how it has ended, once */
  request?(request: MqttObservedRequest): ((end: MqttRequestEnd) => void) | void;
  /** A message has come for a handler, which runs when there is a worker. */
  received?(delivery: MqttDelivery): void;
  /**
   * A handler runs: guards, pipes and interceptors too. Calls `run` once, before it returns: what it does around it, entering an
   * `AsyncLocalStorage` for example, reaches all that the handler does. Several observers are nested in their order.
   */
  handle?(delivery: MqttDelivery, run: () => void): void;
  /** A run has failed, and the handler is going to run again. */
  retried?(delivery: MqttDelivery, retry: MqttRetry): void;
  /** The last run has ended. */
  handled?(delivery: MqttDelivery, handled: MqttHandled): void;
  /** The broker has accepted the dead letter of a message, or has not. */
  deadLettered?(delivery: MqttDelivery, letter: MqttDeadLetter): void;
  /** It is decided what becomes of the message. A withheld one has the outcome `withheld`. */
  settled?(delivery: MqttDelivery, settlement: MqttSettlement): void;
  /** Nothing is under way for the message any more: its reply, results and dead letter are out. */
  completed?(delivery: MqttDelivery): void;
  /** A message or a reply went no further. */
  dropped?(drop: MqttDrop): void;
  /** Something has happened to a connection. */
  connection?(connection: MqttObservedConnection, event: MqttConnectionEvent): void;
}
