import { assertDuration } from '../../options/option-checks.js';
import { TopicFilter } from '../../protocol/topic-filter.js';
import type { Refusal } from '../access-control.js';
import type { BrokerCore } from '../broker-core.js';
import type { Direction } from '../broker-events.js';
import type { ConnectRequest, PublishRequest, SubscribeRequest } from '../broker-options.js';
import type { Connection } from '../network/connection.js';
import { packetMatcher, type PacketMatch } from './packet-matcher.js';
import type { PacketRules } from './packet-rules.js';

/** Takes a fault away; doing so again does nothing. */
export type RemoveFault = () => void;

/** How a connection is cut. */
export interface DropOptions {
  /** Reason Code of a DISCONNECT to send first (5.0). Default: the connection just breaks. */
  reasonCode?: number;
  /**
   * Not now, but at the first of these packets. `direction: 'in'`: the packet is handled, and the client hears no answer
   * to it; `direction: 'out'`: the packet is the last that the client gets.
   */
  after?: { direction: Direction; match: PacketMatch };
}

/** How connections are refused. */
export interface RefuseConnectionsOptions {
  /** How many at most. Default: all. */
  times?: number;
  /** The client that is refused. Default: every client. */
  clientId?: string;
}

/**
 * What can go wrong between a client and a broker, on demand. Every method returns a function that takes the fault away.
 * Of several faults that choose one packet, the oldest decides about it.
 */
export class Faults {
  constructor(
    private readonly core: BrokerCore,
    private readonly rules: PacketRules,
    private readonly connectionOf: (clientId: string) => Connection | undefined,
  ) {}

  /**
   * Cuts a client's connection: now, or at a packet.
   * @throws Error when it is to be now and the client is not connected
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

  /** Swallows packets: neither side learns that they are missing. */
  withhold(direction: Direction, match: PacketMatch): RemoveFault {
    const chosen = packetMatcher(direction, match);
    return this.rules.add((wire) => chosen(wire));
  }

  /**
   * Holds packets back for a while; others overtake them.
   * @param ms whole milliseconds, or `Infinity` for as long as the connection lives
   * @throws InvalidOptionsError when `ms` is something else
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

  /** Lets packets through twice; the second of a QoS 1 or 2 PUBLISH is marked DUP. */
  duplicate(direction: Direction, match: PacketMatch): RemoveFault {
    const chosen = packetMatcher(direction, match);
    return this.rules.add(({ packet, ...wire }, forward) => {
      if (!chosen({ packet, ...wire })) return false;
      forward(packet);
      forward(packet.cmd === 'publish' ? { ...packet, dup: packet.qos > 0 } : packet);
      return true;
    });
  }

  /** Answers CONNECT with a Reason Code; 3.1.1 clients get the Return Code that comes nearest. */
  refuseConnections(reasonCode: number, { times = Infinity, clientId }: RefuseConnectionsOptions = {}): RemoveFault {
    let left = times;
    const refusal = (request: ConnectRequest) =>
      (clientId === undefined || request.clientId === clientId) && left-- > 0 ? reasonCode : undefined;
    return put(this.core.access.connect.refusals, refusal);
  }

  /** Answers in SUBACK; a string is the filter as subscribed, `$share/<group>/` included. */
  refuseSubscriptions(filter: string | ((request: SubscribeRequest) => boolean), reasonCode: number): RemoveFault {
    const chosen = typeof filter === 'string' ? (request: SubscribeRequest) => request.filter === filter : filter;
    return put(this.core.access.subscribe.refusals, (request) => (chosen(request) ? reasonCode : undefined));
  }

  /** Answers in PUBACK or PUBREC, QoS 0 is ignored, 3.1.1 clients are disconnected; a string is a Topic Filter. */
  refusePublishes(topic: string | ((request: PublishRequest) => boolean), reasonCode: number): RemoveFault {
    const filter = typeof topic === 'string' ? TopicFilter.parse(topic) : undefined;
    const chosen = typeof topic === 'string' ? (request: PublishRequest) => filter!.matches(request.topic) : topic;
    return put(this.core.access.publish.refusals, (request) => (chosen(request) ? reasonCode : undefined));
  }

  /**
   * Ends a client's session, as an administrator or an expiry would; the connection breaks with it.
   * @throws Error when there is none
   */
  endSession(clientId: string): RemoveFault {
    const session = this.core.sessions.get(clientId);
    if (!session) throw new Error(`The broker has no session of the client "${clientId}"`);
    this.connectionOf(clientId)?.cut();
    this.core.sessions.end(session);
    return () => {};
  }

  /**
   * Stops reading and writing without closing, as when a cable is pulled; thawed, the connection goes on where it was.
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
