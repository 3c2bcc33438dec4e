import { MqttTransportError } from './mqtt-transport.error.js';

/**
 * What is wrong with a dead letter:
 *
 * | problem | meaning |
 * |---|---|
 * | `unknown` | there is no such letter: it was replayed or discarded |
 * | `claimed` | it is being replayed or discarded by somebody else, or a transaction has its row locked |
 * | `max-replays` | it has been replayed `maxReplays` times |
 * | `no-handler` | no handler takes it, or several do and it does not say which |
 * | `not-serving` | the server does not run, or closes |
 * | `failed` | its handler has failed again, or the broker has refused it; `cause` says how |
 * | `not-removed` | it was replayed, and the store could not be told: it may be replayed again |
 * | `no-store` | the server has no store |
 * | `full` | the store takes no more letters |
 * | `store` | the store has failed, or did not answer in time |
 */
export type DeadLetterProblem =
  | 'unknown'
  | 'claimed'
  | 'max-replays'
  | 'no-handler'
  | 'not-serving'
  | 'failed'
  | 'not-removed'
  | 'no-store'
  | 'full'
  | 'store';

/** A dead letter was not kept, replayed or discarded. A letter that was there is still there. */
export class DeadLetterError extends MqttTransportError {
  readonly code = 'ERR_MQTT_DEAD_LETTER';

  /** @param problem which of the known ones, for programs */
  constructor(
    readonly problem: DeadLetterProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
