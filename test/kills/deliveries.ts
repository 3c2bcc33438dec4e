import type { ServerMqtt } from '../../lib/index.js';
import { numberIn } from './messages.js';

/**
 * What has come to a server from its broker, as its network connections have shown it. A QoS 2 message that is sent again before
 * its PUBREL is the same delivery [MQTT-4.3.3-10].
 */
export class Deliveries {
  private readonly counts = new Map<string, number>();
  /** By topic: the latest message that has come. */
  private readonly latest = new Map<string, number>();
  /** Messages that came for the first time behind one that was published later to their topic. */
  private readonly late = new Set<string>();
  /** By Packet Identifier: QoS 2 messages whose PUBREL has not come. */
  private readonly exchanges = new Map<number, string>();

  constructor(server: ServerMqtt) {
    server.on('sessionLost', () => this.exchanges.clear());
    server.unwrap().on('packetreceive', (packet) => {
      if (packet.cmd === 'pubrel') this.exchanges.delete(packet.messageId!);
      if (packet.cmd === 'publish' && packet.qos > 0) {
        const { topic, payload, qos, dup, messageId } = packet;
        const n = numberIn(payload);
        this.noteOrder(topic, n);
        this.noteDelivery(keyOf(topic, n), qos === 2 ? messageId! : 0, dup);
      }
    });
  }

  /** How often a message has come. */
  countOf(topic: string, n: number): number {
    return this.counts.get(keyOf(topic, n)) ?? 0;
  }

  isLate(topic: string, n: number): boolean {
    return this.late.has(keyOf(topic, n));
  }

  get lateCount(): number {
    return this.late.size;
  }

  private noteOrder(topic: string, n: number): void {
    const latest = this.latest.get(topic) ?? 0;
    if (n > latest) this.latest.set(topic, n);
    else if (this.countOf(topic, n) === 0) this.late.add(keyOf(topic, n));
  }

  private noteDelivery(key: string, exchange: number, dup: boolean): void {
    if (exchange > 0) {
      if (dup && this.exchanges.get(exchange) === key) return;
      this.exchanges.set(exchange, key);
    }
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

function keyOf(topic: string, n: number): string {
  return `${topic} ${n}`;
}
