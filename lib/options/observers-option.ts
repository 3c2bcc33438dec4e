import type { MqttObserver } from '../observing/mqtt-observer.js';
import type { OptionChecks } from './option-checks.js';

const HOOKS: Readonly<Record<keyof MqttObserver, true>> = {
  follows: true,
  publish: true,
  request: true,
  received: true,
  handle: true,
  retried: true,
  handled: true,
  deadLettered: true,
  settled: true,
  completed: true,
  dropped: true,
  connection: true,
};
const NAMES = Object.keys(HOOKS) as (keyof MqttObserver)[];
const REMEDY = `Give an object with one of the methods ${NAMES.join(', ')}`;

/** An object without any method of `MqttObserver` is refused: it would never be called. */
export function checkObservers(checks: OptionChecks, observers: unknown): void {
  checks.list('observers', observers, (option, observer) => {
    if (typeof observer !== 'object' || observer === null) {
      checks.report(option, 'it is not an object', REMEDY);
      return;
    }
    const given = NAMES.filter((name) => (observer as MqttObserver)[name] !== undefined);
    if (given.length === 0) checks.report(option, 'it has no method of MqttObserver', REMEDY);
    for (const name of given) checks.callable(`${option}.${name}`, (observer as MqttObserver)[name]);
  });
}
