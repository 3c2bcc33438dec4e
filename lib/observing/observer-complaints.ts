import type { Logger } from '@nestjs/common';
import { describeThrown } from '../errors/describe-thrown.js';
import type { MqttObserver } from './mqtt-observer.js';

/** At most one line a minute for each fault, which may occur for every message. */
const QUIET_MS = 60_000;

interface Fault {
  quietUntil: number;
  untold: number;
}

/** Logs the faults of observers, with a limited rate. */
export class ObserverComplaints {
  private readonly faults = new Map<string, Fault>();

  constructor(
    private readonly logger: Pick<Logger, 'error'>,
    private readonly now: () => number = Date.now,
  ) {}

  threw(observer: MqttObserver, hook: string, error: unknown): void {
    this.tell(observer, hook, `threw: ${describeThrown(error)}`);
  }

  rejected(observer: MqttObserver, hook: string, error: unknown): void {
    this.tell(observer, hook, `returned a promise, which was rejected: ${describeThrown(error)}`);
  }

  tell(observer: MqttObserver, hook: string, what: string): void {
    const name = `${nameOf(observer)}.${hook}()`;
    const now = this.now();
    const fault = this.faults.get(name);
    if (fault && now < fault.quietUntil) {
      fault.untold++;
      return;
    }
    this.faults.set(name, { quietUntil: now + QUIET_MS, untold: 0 });
    const more = fault && fault.untold > 0 ? ` (${fault.untold} more since the last line)` : '';
    this.logger.error(`The observer ${name} ${what}${more}`);
  }
}

function nameOf(observer: MqttObserver): string {
  try {
    const { name } = observer.constructor as { name?: unknown };
    return typeof name === 'string' && name !== '' && name !== 'Object' ? name : 'observer';
  } catch {
    return 'observer'; // it has no constructor, or cannot be looked at
  }
}
