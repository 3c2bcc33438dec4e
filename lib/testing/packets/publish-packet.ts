import { remainingExpirySeconds, type PublishPacket } from '../broker-message.js';
import type { Delivery } from '../sessions/outbound-flow.js';

/** The PUBLISH packet of a delivery. */
export function publishPacket(delivery: Delivery, messageId: number | undefined, dup: boolean): PublishPacket {
  const { message, qos, retain, identifiers } = delivery;
  const properties = { ...message.properties };
  const remaining = remainingExpirySeconds(message);
  if (remaining !== undefined) properties.messageExpiryInterval = remaining;
  const subscriptionIdentifier = identifiers.length > 1 ? [...identifiers] : identifiers[0];
  return {
    cmd: 'publish',
    topic: message.topic,
    payload: message.payload,
    qos,
    retain,
    dup,
    messageId,
    properties: subscriptionIdentifier === undefined ? properties : { ...properties, subscriptionIdentifier },
    userPropertyBytes: message.userPropertyBytes,
  };
}
