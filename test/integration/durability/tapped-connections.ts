import type { Packet } from 'mqtt-packet';
import type { TappedPacket, WireTap } from '../../support/wire-tap.js';

type Side = TappedPacket['from'];

/** One network connection of a tapped client, from its CONNECT on. */
export class TappedConnection {
  constructor(readonly entries: readonly TappedPacket[]) {}

  sent<Cmd extends Packet['cmd']>(from: Side, cmd: Cmd): Extract<Packet, { cmd: Cmd }>[] {
    return this.entries
      .filter((entry) => entry.from === from && entry.packet.cmd === cmd)
      .map(({ packet }) => packet as Extract<Packet, { cmd: Cmd }>);
  }

  /** Payloads of the QoS 1 and 2 messages that came on it. */
  get delivered(): string[] {
    return this.sent('broker', 'publish')
      .filter(({ qos }) => qos > 0)
      .map(({ payload }) => payload.toString());
  }

  /** Packet Identifiers of the PUBACK and PUBREC packets on it. */
  get acknowledged(): number[] {
    return this.entries
      .filter(({ from, packet }) => from === 'client' && (packet.cmd === 'puback' || packet.cmd === 'pubrec'))
      .map(({ packet }) => packet.messageId!);
  }
}

/** The network connections of a tapped client, one after another. */
export function connectionsOf({ packets }: WireTap): TappedConnection[] {
  const connections: TappedPacket[][] = [];
  for (const entry of packets.entries) {
    if (entry.from === 'client' && entry.packet.cmd === 'connect') connections.push([]);
    connections.at(-1)?.push(entry);
  }
  return connections.map((entries) => new TappedConnection(entries));
}

/** Resolves with the tapped client's connection of that number, from 1 on, when it is as wanted. */
export async function connectionWith(
  tap: WireTap,
  number: number,
  what: string,
  wanted: (connection: TappedConnection) => boolean,
): Promise<TappedConnection> {
  const present = (): TappedConnection | undefined => connectionsOf(tap)[number - 1];
  await tap.packets.until(() => present() !== undefined && wanted(present()!), `connection ${number} with ${what}`);
  return present()!;
}
