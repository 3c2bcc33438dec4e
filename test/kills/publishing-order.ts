import type { ClientMqtt } from '../../lib/index.js';
import { numberIn } from './messages.js';

/** Looks at what a publisher sends: on each network connection, the messages to a topic must be in order [MQTT-4.6.0-1]. */
export class PublishingOrder {
  private readonly latest = new Map<string, number>();
  private violations = 0;

  /** @param client that has been connected once */
  constructor(client: ClientMqtt) {
    client.unwrap().on('packetsend', (packet) => {
      if (packet.cmd === 'connect') this.latest.clear();
      else if (packet.cmd === 'publish') this.sent(packet.topic, numberIn(packet.payload));
    });
  }

  problems(): string[] {
    return this.violations === 0 ? [] : [`${this.violations} messages were sent again out of order`];
  }

  private sent(topic: string, n: number): void {
    if (n <= (this.latest.get(topic) ?? 0)) this.violations++;
    this.latest.set(topic, n);
  }
}
