import type { IConnackPacket } from 'mqtt';
import type { QoS } from '../../protocol/application-message.js';

/** Capabilities and limits of the broker (section 3.2.2.3). */
export interface BrokerLimits {
  /** Maximum number of unacknowledged QoS 1 and 2 messages to the broker. */
  readonly receiveMaximum: number;
  /** Maximum number of unacknowledged QoS 2 messages to the broker. */
  readonly receiveMaximumQoS2: number;
  /** Topic Alias Maximum of the broker; 0 for none. */
  readonly topicAliasMaximum: number;
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
  /** Maximum Packet Size, in bytes. */
  readonly maximumPacketSize: number;
  readonly sharedSubscriptions: boolean;
  readonly wildcardSubscriptions: boolean;
  readonly subscriptionIdentifiers: boolean;
  readonly responseInformation: string | undefined;
}

/** The default of Receive Maximum, for client and broker (sections 3.1.2.11.3 and 3.2.2.3.3). */
export const UNLIMITED_RECEIVE_MAXIMUM = 65_535;
/** 3.1.1 has no Receive Maximum; Mosquitto drops QoS 2 messages when more than 20 are unacknowledged. */
const SAFE_QOS_2_WINDOW = 20;

/** The limits in an accepted CONNACK; a missing property means no limit. */
export function brokerLimits({ properties = {} }: IConnackPacket, protocolVersion: 4 | 5): BrokerLimits {
  const v5 = protocolVersion === 5;
  const receiveMaximum = properties.receiveMaximum ?? UNLIMITED_RECEIVE_MAXIMUM;
  return {
    receiveMaximum,
    receiveMaximumQoS2: v5 ? receiveMaximum : SAFE_QOS_2_WINDOW,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    maximumQoS: (properties.maximumQoS ?? 2) as QoS,
    retainAvailable: isAvailable(properties.retainAvailable),
    maximumPacketSize: properties.maximumPacketSize ?? Infinity,
    sharedSubscriptions: isAvailable(properties.sharedSubscriptionAvailable),
    wildcardSubscriptions: isAvailable(properties.wildcardSubscriptionAvailable),
    subscriptionIdentifiers: v5 && isAvailable(properties.subscriptionIdentifiersAvailable),
    responseInformation: properties.responseInformation,
  };
}

/** Availability is a byte in the packet, and not every version of the parser converts it to a boolean. */
function isAvailable(value: unknown): boolean {
  return value !== false && value !== 0;
}
