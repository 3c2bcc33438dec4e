import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { BrokerLimits } from '../../../../lib/wire/connection/broker-limits.js';
import type { SentMessage } from './sent-message.js';
import type { HandlerRun } from './world.js';

/** A PUBLISH that has come in on a connection. */
interface Arrival {
  readonly identifier: number;
  readonly qos: 1 | 2;
  readonly token: string;
  acknowledged: boolean;
}

/** What a watch knows of the rest. */
export interface Watched {
  readonly sent: readonly SentMessage[];
  /** Messages by the Packet Identifier that they have, until their end. */
  readonly holders: Map<number, SentMessage>;
  readonly protocolVersion: 4 | 5;
  runOf(token: string): HandlerRun | undefined;
  violation(what: string): void;
}

/** Looks at everything that is handed to the stream of one network connection, in order. */
export class ConnectionWatch {
  /** Messages at QoS 1 and 2 that count towards the broker's Receive Maximum. */
  private readonly open = new Map<number, 1 | 2>();
  private readonly arrivals: Arrival[] = [];
  private readonly aliases = new Map<number, string>();
  /** Packet Identifiers whose PUBREC, and whose PUBREL, has come on this connection, and is not answered. */
  private readonly owedReleases: number[] = [];
  private readonly owedCompletions: number[] = [];
  private latest = -1;
  private over = false;

  /**
   * @param number of the connection
   * @param session number of the session
   */
  constructor(
    private readonly world: Watched,
    private readonly number: number,
    private readonly session: number,
    private readonly resumed: boolean,
    private readonly limits: BrokerLimits,
  ) {}

  written(packet: Packet): void {
    this.assert(!this.over, `${packet.cmd} after DISCONNECT [MQTT-3.14.4-1]`);
    if (packet.cmd === 'publish') this.publish(packet);
    else if (packet.cmd === 'pubrel') this.release(packet.messageId!);
    else if (packet.cmd === 'pubcomp') this.complete(packet.messageId!);
    else if (packet.cmd === 'puback' || packet.cmd === 'pubrec')
      this.acknowledge(packet.messageId!, packet.cmd === 'puback' ? 1 : 2, packet.reasonCode ?? 0);
    else if (packet.cmd === 'disconnect') this.over = true;
    else this.assert(packet.cmd === 'pingreq', `a ${packet.cmd}`);
  }

  /** PUBREC has come. */
  received(identifier: number): void {
    this.owedReleases.push(identifier);
  }

  /** The broker has ended an exchange. */
  answered(identifier: number): void {
    this.open.delete(identifier);
  }

  arrived(identifier: number, qos: 1 | 2, token: string): void {
    this.arrivals.push({ identifier, qos, token, acknowledged: false });
  }

  released(identifier: number): void {
    this.owedCompletions.push(identifier);
  }

  private publish(packet: IPublishPacket): void {
    const place = Number.parseInt(packet.payload.toString('latin1', 0, 10), 10);
    const sent = this.world.sent[place]!;
    const what = `message ${place}`;
    this.checkContent(packet, sent, what);
    this.assert(
      place > this.latest,
      `${what} after message ${this.latest}, which was handed over later [MQTT-4.6.0-1]`,
    );
    this.latest = place;
    this.assert(!sent.withdrawn, `${what}, which was withdrawn`);
    this.assert(!sent.saidToBeUnsent, `${what}, of which it was said that it is not sent`);
    if (packet.qos === 0) this.assert(sent.writes === 0, `${what} at QoS 0 a second time`);
    else this.exchange(packet, sent, what);
    sent.writes++;
    sent.session = this.session;
  }

  private checkContent(
    { topic, payload, qos, retain, dup, properties }: IPublishPacket,
    sent: SentMessage,
    what: string,
  ): void {
    const { message } = sent;
    this.assert(this.topicOf(topic, properties?.topicAlias) === message.topic, `${what} to another topic`);
    this.assert(payload.toString('latin1') === message.payload, `${what} with another payload`);
    this.assert(qos === message.qos && retain === message.retain, `${what} with other flags`);
    const given = this.world.protocolVersion === 5 ? message.properties?.messageExpiryInterval : undefined;
    const expiry = properties?.messageExpiryInterval;
    this.assert((expiry === undefined) === (given === undefined), `${what} with another Message Expiry Interval`);
    const remaining = Math.max(1, Math.ceil((sent.expiresAt - Date.now()) / 1_000));
    // What remains is rounded up, and once more where the message has waited; and in a session that goes on the broker may have
    // the message, so that the exchange is completed.
    this.assert(dup || Date.now() < sent.expiresAt + 1_000, `${what}, which has expired`);
    if (expiry === undefined) return;
    const possible = [remaining, remaining + 1].map((seconds) => Math.min(seconds, given!));
    this.assert(possible.includes(expiry), `${what} that expires in ${expiry} s and not in ${remaining} s`);
  }

  private topicOf(topic: string, alias: number | undefined): string | undefined {
    if (alias === undefined) return topic;
    this.assert(alias <= this.limits.topicAliasMaximum, 'a Topic Alias beyond the maximum [MQTT-3.3.2-9]');
    if (topic !== '') this.aliases.set(alias, topic);
    return this.aliases.get(alias);
  }

  private exchange({ messageId, dup, qos }: IPublishPacket, sent: SentMessage, what: string): void {
    const { holders } = this.world;
    const holder = holders.get(messageId!);
    const isFree = !holder || holder === sent || holder.over || this.isForgotten(holder);
    this.assert(isFree, `${what} with the Packet Identifier of message ${holder?.place} [MQTT-2.2.1-3]`);
    holders.set(messageId!, sent);
    sent.identifier ??= messageId;
    this.assert(sent.identifier === messageId, `${what} with another Packet Identifier than before [MQTT-4.4.0-1]`);
    this.assert(sent.releasedIn === undefined, `${what} as PUBLISH after PUBREC [MQTT-4.3.3-6]`);
    this.assert(!sent.over || this.isUnknown(sent), `${what} after its end`);
    if (dup) this.assert(this.resumed && sent.connections < this.number, `${what} as a duplicate [MQTT-3.3.1-1]`);
    else this.assert(sent.session !== this.session, `${what} again, and not as a duplicate [MQTT-3.3.1-1]`);
    this.open.set(messageId!, qos as 1 | 2);
    const { receiveMaximum, receiveMaximumQoS2 } = this.limits;
    this.assert(this.open.size <= receiveMaximum, `${what} beyond the Receive Maximum [MQTT-3.3.4-7]`);
    const openQoS2 = [...this.open.values()].filter((one) => one === 2).length;
    this.assert(openQoS2 <= receiveMaximumQoS2, `${what} beyond what is safe at QoS 2`);
  }

  private release(identifier: number): void {
    const sent = this.world.holders.get(identifier);
    this.assert(sent?.releasedIn === this.session, `PUBREL ${identifier} of what was not received [MQTT-4.3.3-4]`);
    const at = this.owedReleases.indexOf(identifier); // -1: PUBREC came on a connection before
    this.assert(at <= 0, `PUBREL ${identifier} before that of ${this.owedReleases[0]} [MQTT-4.6.0-4]`);
    if (at === 0) this.owedReleases.shift();
  }

  private complete(identifier: number): void {
    const at = this.owedCompletions.indexOf(identifier);
    this.assert(at >= 0, `PUBCOMP ${identifier}, and no PUBREL came`);
    if (at >= 0) this.owedCompletions.splice(at, 1);
  }

  private acknowledge(identifier: number, qos: 1 | 2, reasonCode: number): void {
    const what = `${qos === 1 ? 'PUBACK' : 'PUBREC'} ${identifier}`;
    const at = this.arrivals.findIndex((one) => one.identifier === identifier && one.qos === qos && !one.acknowledged);
    const arrival = this.arrivals[at];
    if (!arrival) {
      this.world.violation(`${what}, which nothing on this connection waits for`);
      return;
    }
    arrival.acknowledged = true;
    const run = this.world.runOf(arrival.token);
    this.assert(run?.decision !== undefined && run.decision !== 'nack', `${what} although nothing was decided`);
    const refused = run?.decision === 'reject' && this.world.protocolVersion === 5;
    this.assert((reasonCode === 0x83) === refused, `${what} with the reason code ${reasonCode}`);
    for (const before of this.arrivals.slice(0, at)) {
      if (before.acknowledged || before.qos !== qos || this.isWithheld(before)) continue;
      this.world.violation(`${what} before that of ${before.token}, which came earlier [MQTT-4.6.0-${qos + 1}]`);
    }
  }

  private isWithheld({ token }: Arrival): boolean {
    const run = this.world.runOf(token);
    return run?.decision === 'nack' || run?.givenUp === true;
  }

  /** Its exchange was lost with its session, and its sender is about to be told. */
  private isForgotten({ releasedIn }: SentMessage): boolean {
    return releasedIn !== undefined && releasedIn !== this.session;
  }

  /** Its bytes may have left after its end, where that is not known. */
  private isUnknown({ error }: SentMessage): boolean {
    return error !== undefined && 'maybeExecuted' in error && error.maybeExecuted === true;
  }

  private assert(holds: boolean, what: string): void {
    if (!holds) this.world.violation(`wrote ${what}`);
  }
}
