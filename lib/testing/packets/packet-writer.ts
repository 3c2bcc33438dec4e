import { generate, type Packet } from 'mqtt-packet';
import type { PublishPacket } from '../broker-message.js';
import { insertUserProperties } from './user-property-bytes.js';

/** Control packets of one connection to bytes, as the client at its end understands them. */
export class PacketWriter {
  protocolVersion: 3 | 4 | 5 = 4;
  /** The client's Maximum Packet Size. */
  maximumPacketSize = Infinity;
  /** Topics that may get an alias: at most the client's Topic Alias Maximum. */
  topicAliasMaximum = 0;
  private readonly aliases = new Map<string, number>();

  /** Whether the client takes a packet of this size [MQTT-3.1.2-24]. */
  fits(packet: Packet): boolean {
    return this.maximumPacketSize === Infinity || this.encode(packet).length <= this.maximumPacketSize;
  }

  /** Undefined when there is no such packet in the client's version. */
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

  /** Aliases go to the first topics that come, and stay with them (section 3.3.2.3.4). */
  private withAlias(publish: PublishPacket): PublishPacket {
    const known = this.aliases.get(publish.topic);
    if (known === undefined && this.aliases.size >= this.topicAliasMaximum) return publish; // [MQTT-3.1.2-26]
    const topicAlias = known ?? this.aliases.size + 1;
    this.aliases.set(publish.topic, topicAlias);
    const topic = known === undefined ? publish.topic : '';
    return { ...publish, topic, properties: { ...publish.properties, topicAlias } };
  }
}
