import type { IPubackPacket, IPublishPacket, Packet } from 'mqtt-packet';
import type { WireTap } from './wire-tap.js';

/** What a client sent about a message that it got. */
export interface Acknowledgement {
  readonly message: IPublishPacket;
  /** For example `PUBACK 0x83 "no such device"`; on 3.1.1, which has no reason codes, `PUBACK`. */
  readonly words: string;
}

/** What the tapped client acknowledged, in the order in which it did. */
export function acknowledgements({ packets }: WireTap): Acknowledgement[] {
  const messages = new Map<number, IPublishPacket>();
  const found: Acknowledgement[] = [];
  for (const { from, packet } of packets.entries) {
    if (from === 'broker' && packet.cmd === 'publish' && packet.qos > 0) messages.set(packet.messageId!, packet);
    if (from === 'client' && isAcknowledgement(packet))
      found.push({ message: messages.get(packet.messageId!)!, words: inWords(packet) });
  }
  return found;
}

/** What the tapped client sent about the messages of one topic, in words. */
export function acknowledgementsOf(tap: WireTap, topic: string): string[] {
  return acknowledgements(tap)
    .filter(({ message }) => message.topic === topic)
    .map(({ words }) => words);
}

/** Payloads of the messages that the tapped client answered by PUBACK or PUBREC, in the order in which it did. */
export function acknowledgedPayloads(tap: WireTap): string[] {
  return acknowledgements(tap)
    .filter(({ words }) => !words.startsWith('PUBCOMP'))
    .map(({ message }) => message.payload.toString());
}

/** Resolves when the tapped client has answered a message with this payload by PUBACK or PUBREC. */
export async function acknowledged(tap: WireTap, payload: string): Promise<void> {
  await tap.packets.until(() => acknowledgedPayloads(tap).includes(payload), `the acknowledgement of "${payload}"`);
}

/** Control packets in words, for comparing what went over the wire, and in which order. */
export function inWords(packet: Packet): string {
  const name = packet.cmd.toUpperCase();
  if (packet.cmd === 'publish') return `${name} ${packet.topic}`;
  if (!isAcknowledgement(packet) || packet.reasonCode === undefined) return name;
  const code = `0x${packet.reasonCode.toString(16).padStart(2, '0')}`;
  const said = packet.properties?.reasonString;
  return said === undefined ? `${name} ${code}` : `${name} ${code} "${said}"`;
}

function isAcknowledgement(packet: Packet): packet is IPubackPacket {
  return packet.cmd === 'puback' || packet.cmd === 'pubrec' || packet.cmd === 'pubcomp';
}

/** Has rejects show on the wire at QoS 2 too: by default a rejected message completes its exchange as an acknowledged one does. */
export function tellingOfRejects<C extends { readonly protocolVersion?: 4 | 5 }>(connection: C): C {
  return connection.protocolVersion === 4 ? connection : { ...connection, negativeAcknowledgements: 'all' };
}
