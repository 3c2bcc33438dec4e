import type { MqttDeadLetter, MqttDelivery } from '../../observing/mqtt-delivery.js';
import { excerpt, excerptOfError } from '../views/excerpt.js';
import type { DeadLetterView, Some } from '../views/snapshot.js';
import { Ring } from './ring.js';

const KEPT = 50;
/** Bytes of a payload that are copied for a preview, so that its packet can be freed. */
const MAX_PAYLOAD = 16_384;

/** A dead letter, with the content that is shown when a viewer opens it. */
interface KeptLetter extends DeadLetterView {
  readonly payload: Buffer | undefined;
  readonly userProperties: readonly (readonly [string, string])[];
}

/** The latest dead letters of the servers, published or not. */
export class LetterRecords {
  /** Whether payloads are kept: only if viewers may see them. */
  withPayloads = false;
  private readonly kept = new Ring<KeptLetter>(KEPT);
  private latest = 0;

  add(delivery: MqttDelivery, { topic: deadLetterTopic, reason, error }: MqttDeadLetter): void {
    const { topic, handler, attempt, payload, userProperties } = delivery;
    this.kept.push({
      id: ++this.latest,
      at: Date.now(),
      topic: excerpt(topic),
      handler: handler.template,
      deadLetterTopic,
      reason: excerpt(reason),
      attempts: attempt,
      size: payload.length,
      error: error && excerptOfError(error),
      payload: this.withPayloads ? Buffer.from(payload.subarray(0, MAX_PAYLOAD)) : undefined,
      userProperties: this.withPayloads ? propertiesOf(userProperties) : [],
    });
  }

  find(id: number): KeptLetter | undefined {
    return this.kept.find((letter) => letter.id === id);
  }

  view(): Some<DeadLetterView> {
    const shown = this.kept.latest().map(({ payload: _payload, userProperties: _properties, ...letter }) => letter);
    return { shown, all: this.latest };
  }
}

const MAX_PROPERTIES = 20;

/** User Properties as pairs: a name may repeat. */
export function propertiesOf(properties: MqttDelivery['userProperties'] | undefined): (readonly [string, string])[] {
  return Object.entries(properties ?? {})
    .flatMap(([name, values]) => [values].flat().map((value) => [excerpt(name), excerpt(value)] as const))
    .slice(0, MAX_PROPERTIES);
}
