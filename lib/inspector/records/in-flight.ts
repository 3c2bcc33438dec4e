import type { MqttDelivery } from '../../observing/mqtt-delivery.js';
import { excerpt } from '../views/excerpt.js';
import type { MessageView, Some } from '../views/snapshot.js';

/** Messages that are remembered; of those beyond, only handlers and connections tell. */
const MAX_REMEMBERED = 1_000;
const MAX_SHOWN = 50;

interface Flight {
  readonly id: number;
  state: MessageView['state'];
}

/** Messages with which something is under way, of those that are followed. */
export class InFlight {
  private readonly flights = new Map<MqttDelivery, Flight>();
  private latest = 0;

  begin(delivery: MqttDelivery): void {
    if (this.flights.size < MAX_REMEMBERED) this.flights.set(delivery, { id: ++this.latest, state: 'waiting' });
  }

  is(delivery: MqttDelivery, state: MessageView['state']): void {
    const flight = this.flights.get(delivery);
    if (flight) flight.state = state;
  }

  end(delivery: MqttDelivery): void {
    this.flights.delete(delivery);
  }

  clear(): void {
    this.flights.clear();
  }

  /** The oldest of them. */
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
