import { AccessControl } from './access-control.js';
import type { BrokerEmitter } from './broker-events.js';
import type { BrokerMessage } from './broker-message.js';
import type { ResolvedBrokerOptions } from './broker-options.js';
import { RetainedMessages } from './sessions/retained-messages.js';
import { Router } from './sessions/router.js';
import type { Session } from './sessions/session.js';
import { SessionRegistry } from './sessions/session-registry.js';
import { Wills } from './sessions/wills.js';

/** The state of a broker, as used by the packet handlers. */
export class BrokerCore {
  readonly access: AccessControl;
  readonly router: Router;
  readonly retained = new RetainedMessages();
  readonly wills: Wills;
  readonly sessions: SessionRegistry;

  constructor(
    readonly options: ResolvedBrokerOptions,
    readonly events: BrokerEmitter,
  ) {
    this.access = new AccessControl(options);
    this.router = new Router(options);
    this.wills = new Wills((session, message) => {
      events.emit('publish', { clientId: session.clientId, message, will: true });
      this.accept(message, session);
    });
    const { router, wills } = this;
    this.sessions = new SessionRegistry({ events, router, wills, options });
  }

  /** Routes an Application Message. @returns the number of sessions and groups that receive it */
  accept(message: BrokerMessage, publisher?: Session): number {
    this.retained.keep(message);
    return this.router.route(message, publisher);
  }
}
