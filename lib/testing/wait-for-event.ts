import { assertDuration } from '../options/option-checks.js';
import { setLongTimeout } from '../timing/long-timeout.js';
import type { BrokerEmitter, MqttBrokerEvents } from './broker-events.js';

/** How long an event is waited for. */
export interface WaitOptions {
  /** Milliseconds, or `Infinity`. Default 4000: less than most test runners wait, so that the error says what was missing. */
  timeoutMs?: number;
}

/** Resolves with the payload of the next event that `predicate` accepts. */
export function waitForEvent<Name extends keyof MqttBrokerEvents>(
  emitter: BrokerEmitter,
  event: Name,
  predicate: (payload: MqttBrokerEvents[Name][0]) => boolean = () => true,
  { timeoutMs = 4000 }: WaitOptions = {},
): Promise<MqttBrokerEvents[Name][0]> {
  return new Promise((resolve, reject) => {
    assertDuration('timeoutMs of waitFor()', timeoutMs, { min: 0, infinite: true });
    const target = emitter as unknown as NodeJS.EventEmitter; // events by a name that is not known yet have no type of their own
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
      () => finish(() => reject(new Error(`The broker saw no such "${event}" event within ${timeoutMs} ms`))),
      timeoutMs,
    ).unref();
    target.on(event, listener);
  });
}
