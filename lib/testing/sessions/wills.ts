import type { BrokerMessage, MessageToPublish } from '../broker-message.js';
import { createMessage } from '../broker-message.js';
import type { Session } from './session.js';
import { afterSeconds, type CancelTimer } from '../timers.js';

export interface Will extends MessageToPublish {
  readonly delaySeconds: number;
}

interface PendingWill {
  readonly will: Will;
  readonly cancel: CancelTimer;
}

/** Wills of ended connections (section 3.1.2.5), published at once or after their delay. */
export class Wills {
  private readonly pending = new Map<Session, PendingWill>();

  constructor(private readonly publish: (session: Session, message: BrokerMessage) => void) {}

  /** Publishes the will at the end of the delay or of the session, whichever is first [MQTT-3.1.2-8]. */
  schedule(session: Session, will: Will): void {
    const seconds = Math.min(will.delaySeconds, session.expirySeconds);
    const cancel = seconds > 0 ? afterSeconds(seconds, () => this.publishNow(session)) : () => {};
    this.pending.set(session, { will, cancel });
    if (seconds === 0) this.publishNow(session);
  }

  publishNow(session: Session): void {
    const pending = this.pending.get(session);
    this.cancel(session);
    if (pending) this.publish(session, createMessage(pending.will));
  }

  /** The client has reconnected in time [MQTT-3.1.3-9]. */
  cancel(session: Session): void {
    this.pending.get(session)?.cancel();
    this.pending.delete(session);
  }

  clear(): void {
    for (const session of [...this.pending.keys()]) this.cancel(session);
  }
}
