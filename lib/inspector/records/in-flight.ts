import type { MqttDelivery } from '../../observing/mqtt-delivery.js';
import { excerpt } from '../views/excerpt.js';
import type { MessageView, Some } from '../views/snapshot.js';

/** Limit of listed messages; further ones are only in the figures of handlers and connections. */
const MAX_REMEMBERED = 1_000;
const MAX_SHOWN = 50;

interface Flight {
  readonly id: number;
  state: MessageView['state'];
}

/** The followed messages that are in flight. */
export class InFlight {
  private readonly flights = new Map<MqttDelivery, Flight>();
  private latest = 0;

  begin(delivery: MqttDelivery): void {
    if (this.flights.size < MAX_REMEMBERED) this.flights.set(delivery, { id: ++this.latest, state: 'waiting' });
  }

  setState(delivery: MqttDelivery, state: MessageView['state']): void {
    const flight = this.flights.get(delivery);
    if (flight) flight.state = state;
  }

  end(delivery: MqttDelivery): void {
    this.flights.delete(delivery);
  }

  clear(): void {
    this.flights.clear();
  }

  /** Oldest first. */
  view(): Some<MessageView> {
    const shown: MessageView[] = [];
    for (const [delivery, { id, state }] of this.flights) {
      if (shown.length === MAX_SHOWN) break;
      const { receivedAt, topic, qos, payload, attempt, handler } = delivery;
      shown.push({
        id,
        at: receivedAt,
        topic: excerpt(topic),
        handler: handler.template,
        qos,
        size: payload.length,
        state,
        attempt,
      });
    }
    return { shown, all: this.flights.size };
  }
}
