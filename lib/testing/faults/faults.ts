import { assertDuration } from '../../options/option-checks.js';
import { TopicFilter } from '../../protocol/topic-filter.js';
import type { Refusal } from '../access-control.js';
import type { BrokerCore } from '../broker-core.js';
import type { Direction } from '../broker-events.js';
import type { ConnectRequest, PublishRequest, SubscribeRequest } from '../broker-options.js';
import type { Connection } from '../network/connection.js';
import { packetMatcher, type PacketMatch } from './packet-matcher.js';
import type { PacketRules } from './packet-rules.js';

/** Removes a fault. Further calls have no effect. */
export type RemoveFault = () => void;

/** Options of `drop()`. */
export interface DropOptions {
  /** Reason Code of a DISCONNECT to send first (5.0). Default: the connection is closed without one. */
  reasonCode?: number;
  /**
   * Closes the connection at the first matching packet instead of at once. `direction: 'in'`: the packet is handled, but the client gets
   * no answer; `direction: 'out'`: the packet is the last that the client receives.
   */
  after?: { direction: Direction; match: PacketMatch };
}

/** Options of `refuseConnections()`. */
export interface RefuseConnectionsOptions {
  /** Maximum number of refused connections. Default: all. */
  times?: number;
  /** Client Identifier of the refused client. Default: every client. */
  clientId?: string;
}

/**
 * Simulates faults between a client and the broker. Every method returns a function that removes the fault. When several faults match a
 * packet, the oldest applies.
 */
export class Faults {
  constructor(
    private readonly core: BrokerCore,
    private readonly rules: PacketRules,
    private readonly connectionOf: (clientId: string) => Connection | undefined,
  ) {}

  /**
   * Closes a client's connection, at once or at a packet.
   * @throws Error when no packet is given and the client is not connected
   */
  drop(clientId: string, { reasonCode, after }: DropOptions = {}): RemoveFault {
    if (!after) {
      const connection = this.connected(clientId);
      if (reasonCode === undefined) connection.cut();
      else connection.disconnect(reasonCode);
      return () => {};
    }
    const chosen = packetMatcher(after.direction, after.match);
    const remove = this.rules.add((wire, forward) => {
      if (wire.clientId !== clientId || !chosen(wire)) return false;
      remove();
      const { connection } = wire;
      if (wire.direction === 'in') connection.mute();
      forward(wire.packet);
      const cut = () =>
        reasonCode === undefined ? connection.cut({ flush: true }) : connection.disconnect(reasonCode);
      if (wire.direction === 'in') connection.enqueue(cut);
      else cut();
      return true;
    });
    return remove;
  }

  /** Drops packets silently. */
  withhold(direction: Direction, match: PacketMatch): RemoveFault {
    const chosen = packetMatcher(direction, match);
    return this.rules.add((wire) => chosen(wire));
  }

  /**
   * Delays packets; others overtake them.
   * @param ms whole milliseconds, or `Infinity` for the lifetime of the connection
   * @throws InvalidOptionsError for any other `ms`
   */
  delay(direction: Direction, match: PacketMatch, ms: number): RemoveFault {
    assertDuration('ms of delay()', ms, { min: 0, infinite: true });
    const chosen = packetMatcher(direction, match);
    return this.rules.add((wire, forward) => {
      if (!chosen(wire)) return false;
      wire.connection.after(ms, () => forward(wire.packet));
      return true;
    });
  }

  /** Duplicates packets; the second of a QoS 1 or 2 PUBLISH has the DUP flag. */
  duplicate(direction: Direction, match: PacketMatch): RemoveFault {
    const chosen = packetMatcher(direction, match);
    return this.rules.add(({ packet, ...wire }, forward) => {
      if (!chosen({ packet, ...wire })) return false;
      forward(packet);
      forward(packet.cmd === 'publish' ? { ...packet, dup: packet.qos > 0 } : packet);
      return true;
    });
  }

  /** Answers CONNECT with a Reason Code; 3.1.1 clients get the corresponding return code. */
  refuseConnections(reasonCode: number, { times = Infinity, clientId }: RefuseConnectionsOptions = {}): RemoveFault {
    let left = times;
    const refusal = (request: ConnectRequest) =>
      (clientId === undefined || request.clientId === clientId) && left-- > 0 ? reasonCode : undefined;
    return put(this.core.access.connect.refusals, refusal);
  }

  /** Refuses subscriptions (SUBACK); a string is the Topic Filter, including `$share/<group>/`. */
  refuseSubscriptions(filter: string | ((request: SubscribeRequest) => boolean), reasonCode: number): RemoveFault {
    const chosen = typeof filter === 'string' ? (request: SubscribeRequest) => request.filter === filter : filter;
    return put(this.core.access.subscribe.refusals, (request) => (chosen(request) ? reasonCode : undefined));
  }

  /** Refuses messages (PUBACK or PUBREC); not at QoS 0; 3.1.1 clients are disconnected. A string is a Topic Filter. */
  refusePublishes(topic: string | ((request: PublishRequest) => boolean), reasonCode: number): RemoveFault {
    const filter = typeof topic === 'string' ? TopicFilter.parse(topic) : undefined;
    const chosen = typeof topic === 'string' ? (request: PublishRequest) => filter!.matches(request.topic) : topic;
    return put(this.core.access.publish.refusals, (request) => (chosen(request) ? reasonCode : undefined));
  }

  /**
   * Ends a client's session and its connection, as an administrator would.
   * @throws Error when the client has no session
   */
  endSession(clientId: string): RemoveFault {
    const session = this.core.sessions.get(clientId);
    if (!session) throw new Error(`The broker has no session of the client "${clientId}"`);
    this.connectionOf(clientId)?.cut();
    this.core.sessions.end(session);
    return () => {};
  }

  /**
   * Stops reading and writing without closing the connection, as when a cable is unplugged. When the fault is removed, the connection continues.
   * @throws Error when the client is not connected
   */
  freeze(clientId: string): RemoveFault {
    const connection = this.connected(clientId);
    connection.bytes.freeze();
    return () => connection.bytes.thaw();
  }

  private connected(clientId: string): Connection {
    const connection = this.connectionOf(clientId);
    if (!connection) throw new Error(`The client "${clientId}" is not connected to the broker`);
    return connection;
  }
}

function put<Request>(refusals: Set<Refusal<Request>>, refusal: Refusal<Request>): RemoveFault {
  refusals.add(refusal);
  return () => void refusals.delete(refusal);
}
