import { generate, type Packet } from 'mqtt-packet';
import type { PublishPacket } from '../broker-message.js';
import { insertUserProperties } from './user-property-bytes.js';

/** Encodes the control packets of one connection, for the version of the client. */
export class PacketWriter {
  protocolVersion: 3 | 4 | 5 = 4;
  /** The client's Maximum Packet Size. */
  maximumPacketSize = Infinity;
  /** Maximum number of aliases: the client's Topic Alias Maximum. */
  topicAliasMaximum = 0;
  private readonly aliases = new Map<string, number>();

  /** Whether the client accepts a packet of this size [MQTT-3.1.2-24]. */
  fits(packet: Packet): boolean {
    return this.maximumPacketSize === Infinity || this.encode(packet).length <= this.maximumPacketSize;
  }

  /** Undefined if the client's version does not have this packet. */
  write(packet: Packet): Buffer | undefined {
    if (this.protocolVersion < 5 && packet.cmd === 'disconnect') return undefined;
    return this.encode(packet.cmd === 'publish' ? this.withAlias(packet) : packet);
  }

  private encode(packet: Packet): Buffer {
    const options = { protocolVersion: this.protocolVersion };
    if (this.protocolVersion < 5) return generate({ ...packet, properties: undefined } as Packet, options);
    const { userPropertyBytes } = packet as PublishPacket;
    if (packet.cmd !== 'publish' || !userPropertyBytes) return generate(packet, options);
    const bare = generate({ ...packet, properties: { ...packet.properties, userProperties: undefined } }, options);
    return insertUserProperties(bare, userPropertyBytes);
  }

  /** Aliases are assigned to the first topics, and not changed (section 3.3.2.3.4). */
  private withAlias(publish: PublishPacket): PublishPacket {
    const known = this.aliases.get(publish.topic);
    if (known === undefined && this.aliases.size >= this.topicAliasMaximum) return publish; // [MQTT-3.1.2-26]
    const topicAlias = known ?? this.aliases.size + 1;
    this.aliases.set(publish.topic, topicAlias);
    const topic = known === undefined ? publish.topic : '';
    return { ...publish, topic, properties: { ...publish.properties, topicAlias } };
  }
}
