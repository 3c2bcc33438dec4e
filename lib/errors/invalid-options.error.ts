import { MqttTransportError } from './mqtt-transport.error.js';

/** One invalid option, and how to correct it. */
export interface OptionProblem {
  /** Path of the option, for example `reconnect.maxDelay`. */
  readonly option: string;
  /** What is wrong with it. */
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** One or more options are invalid. Thrown by the constructor, by `listen()`, or before a message is sent; lists all problems at once. */
export class InvalidOptionsError extends MqttTransportError {
  readonly code = 'ERR_MQTT_INVALID_OPTIONS';

  constructor(readonly problems: readonly OptionProblem[]) {
    const lines = problems.map(
      ({ option, problem, remedy }) => `  - ${option}: ${problem}. ${remedy}${remedy.endsWith('?') ? '' : '.'}`,
    );
    super(`Invalid MQTT options (${problems.length}):\n${lines.join('\n')}`);
    this.hide('problems');
  }
}
