import { assertDuration } from '../options/option-checks.js';
import { setLongTimeout } from '../timing/long-timeout.js';
import type { BrokerEmitter, MqttBrokerEvents } from './broker-events.js';

/** Options of `waitFor()`. */
export interface WaitOptions {
  /** Timeout in milliseconds, or `Infinity`. Default 4000: less than that of most test runners, so that the error names the missing event. */
  timeoutMs?: number;
}

/** Resolves with the next event that matches `predicate`. */
export function waitForEvent<Name extends keyof MqttBrokerEvents>(
  emitter: BrokerEmitter,
  event: Name,
  predicate: (payload: MqttBrokerEvents[Name][0]) => boolean = () => true,
  { timeoutMs = 4000 }: WaitOptions = {},
): Promise<MqttBrokerEvents[Name][0]> {
  return new Promise((resolve, reject) => {
    assertDuration('timeoutMs of waitFor()', timeoutMs, { min: 0, infinite: true });
    const target = emitter as unknown as NodeJS.EventEmitter; // the type of an event with a generic name cannot be inferred
    const finish = (settle: () => void) => {
      target.off(event, listener);
      timer.clear();
      settle();
    };
    const listener = (payload: MqttBrokerEvents[Name][0]) => {
      try {
        if (predicate(payload)) finish(() => resolve(payload));
      } catch (error) {
        finish(() => reject(new Error('The predicate of waitFor() failed', { cause: error })));
      }
    };
    const timer = setLongTimeout(
      () => finish(() => reject(new Error(`The broker emitted no matching "${event}" event within ${timeoutMs} ms`))),
      timeoutMs,
    ).unref();
    target.on(event, listener);
  });
}
