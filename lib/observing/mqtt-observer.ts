import type { MqttConnectionEvent, MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttDeadLetter, MqttDelivery, MqttHandled, MqttRetry, MqttSettlement } from './mqtt-delivery.js';
import type { MqttObservedHandler } from './mqtt-observed-handler.js';
import type { MqttDrop } from './mqtt-drop.js';
import type { MqttObservedRequest, MqttRequestEnd } from './mqtt-observed-request.js';
import type { MqttPublication, MqttPublishEnd } from './mqtt-publication.js';

/**
 * Observes what a server or a client does, for tracing and metrics. All methods are optional. They are called synchronously and must
 * be fast. A method that throws, or returns an invalid value, is logged and has no other effect.
 *
 * Order of calls for a message, for each matching handler: `received`; then `handle` for each run, with `retried` between two runs; then
 * `handled`. `settled` is called once, before, during or after the runs; with `AckPolicy.MANUAL` possibly never. `deadLettered` is called
 * before it. `completed` is the last call, unless a handler with `AckPolicy.MANUAL` settles later.
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
   * Whether to observe a message for a handler; called once for each, before all other calls. For a message that no observer follows,
   * only failures are reported, and what happens after the first of them: `retried`, `handled` with an error, `settled` other than
   * `acked`, `deadLettered`; its durations then count from that failure. `dropped` is always called. Default: every message.
   *
   * For observers that sample: a message that is not followed has almost no cost. A message that one observer follows is reported to
   * all observers.
   */
  follows?(handler: MqttObservedHandler, topic: string): boolean;
  /** A message is about to be sent; {@link MqttPublication.inject} adds metadata to it. @returns a function that is called once, with the result */
  publish?(publication: MqttPublication): ((end: MqttPublishEnd) => void) | void;
  /** A client sends a request. @returns a function that is called once, with the result */
  request?(request: MqttObservedRequest): ((end: MqttRequestEnd) => void) | void;
  /** A message for a handler has arrived. The handler runs when a worker is free. */
  received?(delivery: MqttDelivery): void;
  /**
   * Runs a handler, with its guards, pipes and interceptors. Must call `run` once before it returns, for example inside
   * `AsyncLocalStorage.run()`, whose store the handler then has. Several observers are nested in their order.
   */
  handle?(delivery: MqttDelivery, run: () => void): void;
  /** A run has failed, and the handler will run again. */
  retried?(delivery: MqttDelivery, retry: MqttRetry): void;
  /** The last run has ended. */
  handled?(delivery: MqttDelivery, handled: MqttHandled): void;
  /** The dead letter of a message was published, or could not be. */
  deadLettered?(delivery: MqttDelivery, letter: MqttDeadLetter): void;
  /** The message is settled, or its acknowledgement is withheld (outcome `withheld`). */
  settled?(delivery: MqttDelivery, settlement: MqttSettlement): void;
  /** All work for the message is done: its reply, results and dead letter are sent. */
  completed?(delivery: MqttDelivery): void;
  /** A message or a reply was dropped. */
  dropped?(drop: MqttDrop): void;
  /** An event of the connection. */
  connection?(connection: MqttObservedConnection, event: MqttConnectionEvent): void;
}
