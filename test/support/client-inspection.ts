import type { ClientMqtt } from '../../lib/index.js';

/** What a client holds for its calls. */
export interface Holdings {
  /** Requests that have not ended, and those of them whose replies are awaited. */
  readonly requests: number;
  readonly awaitingReply: number;
  readonly awaitingRoom: number;
  readonly awaitingTurn: number;
  /** Messages that have not been sent, or not been acknowledged. */
  readonly outgoing: number;
  readonly adHocSubscriptions: number;
  /** Timers of requests that are still going to fire. */
  readonly timers: number;
}

export const NOTHING_HELD: Holdings = {
  requests: 0,
  awaitingReply: 0,
  awaitingRoom: 0,
  awaitingTurn: 0,
  outgoing: 0,
  adHocSubscriptions: 0,
  timers: 0,
};

/**
 * Looks behind a client's back for what its calls have left there. To be opened when the client has been connected, and has made a
 * call: listeners that it adds from then on are a leak.
 */
export class ClientInspection {
  private readonly runtime: NonNullable<ClientMqtt['current']>;
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly listenersAtFirst: Readonly<Record<string, number>>;

  constructor(client: ClientMqtt) {
    const runtime = client['current'];
    if (!runtime) throw new Error('The client has not been connected yet');
    this.runtime = runtime;
    this.listenersAtFirst = this.listeners();
  }

  /** To be called while requests are under way: it is their timers that are looked after from then on. */
  note(): void {
    for (const request of this.runtime.requests['live']) {
      const timer = request['timer']['timer'];
      if (timer) this.timers.add(timer);
    }
  }

  holdings(): Holdings {
    const { requests } = this.runtime;
    return {
      requests: requests.size,
      awaitingReply: requests['awaited'].size,
      awaitingRoom: requests['line'].size,
      awaitingTurn: requests['reserved'].size,
      outgoing: requests['parts'].publisher.pending,
      adHocSubscriptions: this.runtime['adHoc'].size,
      timers: [...this.timers].filter((timer) => !(timer as unknown as { _destroyed: boolean })._destroyed).length,
    };
  }

  /** Listeners on the MQTT.js client and the connection that were not there at first. */
  newListeners(): Record<string, number> {
    const grown = Object.entries(this.listeners()).filter(
      ([name, count]) => count > (this.listenersAtFirst[name] ?? 0),
    );
    return Object.fromEntries(grown);
  }

  /** Topics that replies are listened for on. */
  get replyTopics(): number {
    return this.runtime.requests['parts'].inbox.size;
  }

  get connected(): boolean {
    return this.runtime.requests['parts'].connection.connected;
  }

  get lateReplies(): number {
    return this.runtime.requests.lateReplies;
  }

  private listeners(): Record<string, number> {
    const { connection } = this.runtime.requests['parts'];
    const counts: Record<string, number> = {};
    for (const name of connection.eventNames()) counts[`connection ${name}`] = connection.listenerCount(name);
    for (const name of connection.client.eventNames())
      counts[`MQTT.js ${name}`] = connection.client.listenerCount(name);
    return counts;
  }
}
