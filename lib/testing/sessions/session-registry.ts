import type { BrokerEmitter } from '../broker-events.js';
import { NEVER_EXPIRES, type ResolvedBrokerOptions } from '../broker-options.js';
import type { Router } from './router.js';
import { OutboundFlow } from './outbound-flow.js';
import { Session } from './session.js';
import { afterSeconds, type CancelTimer } from '../timers.js';
import type { Wills } from './wills.js';

interface RegistryParts {
  readonly events: BrokerEmitter;
  readonly router: Router;
  readonly wills: Wills;
  readonly options: ResolvedBrokerOptions;
}

/** All sessions by Client Identifier, connected or not: creates, keeps, expires and ends them. */
export class SessionRegistry {
  private readonly sessions = new Map<string, Session>();
  private readonly expiries = new Map<Session, CancelTimer>();

  constructor(private readonly parts: RegistryParts) {}

  get(clientId: string): Session | undefined {
    return this.sessions.get(clientId);
  }

  all(): Session[] {
    return [...this.sessions.values()];
  }

  /** Resumes the client's session, or creates one; always a new one with `clean` [MQTT-3.1.2-4, MQTT-3.1.2-5, MQTT-3.1.2-6]. */
  open(clientId: string, clean: boolean): { session: Session; sessionPresent: boolean } {
    const previous = this.sessions.get(clientId);
    if (previous && !clean) {
      this.stopExpiry(previous);
      this.parts.wills.cancel(previous);
      return { session: previous, sessionPresent: true };
    }
    if (previous) this.end(previous);
    const { events, options } = this.parts;
    const session = new Session(clientId, new OutboundFlow(clientId, events, options));
    this.sessions.set(clientId, session);
    return { session, sessionPresent: false };
  }

  /** The session's connection has ended: other group members get its unsent messages, and its expiry starts. */
  left(session: Session): void {
    const { router } = this.parts;
    if (session.expirySeconds === 0) return this.end(session);
    if (session.expirySeconds < NEVER_EXPIRES) {
      this.expiries.set(
        session,
        afterSeconds(session.expirySeconds, () => this.end(session)),
      );
    }
    for (const delivery of session.outbound.takeQueuedShared((share) => router.isShareOnline(share)))
      router.dealAgain(delivery);
  }

  /** Ends a session; unsent and QoS 1 messages of its Shared Subscriptions go to other members [MQTT-4.8.2-4]. */
  end(session: Session): void {
    if (this.sessions.get(session.clientId) !== session) return;
    const { router, wills, events } = this.parts;
    this.stopExpiry(session);
    this.sessions.delete(session.clientId);
    wills.publishNow(session);
    router.unsubscribeAll(session);
    for (const delivery of session.outbound.takeUndelivered()) {
      if (!router.dealAgain(delivery)) session.outbound.drop(delivery, 'session-end');
    }
    events.emit('session-end', { clientId: session.clientId });
  }

  /** Removes all sessions, as after a restart without persistence. */
  clear(): void {
    for (const session of this.all()) {
      this.stopExpiry(session);
      this.parts.router.unsubscribeAll(session);
    }
    this.sessions.clear();
  }

  stopTimers(): void {
    for (const session of this.all()) this.stopExpiry(session);
  }

  private stopExpiry(session: Session): void {
    this.expiries.get(session)?.();
    this.expiries.delete(session);
  }
}
