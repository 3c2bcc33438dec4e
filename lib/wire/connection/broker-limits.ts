import type { IConnackPacket } from 'mqtt';
import type { QoS } from '../../protocol/application-message.js';

/** What the broker of a connection can do, and how much of it (section 3.2.2.3). */
export interface BrokerLimits {
  /** QoS 1 and 2 messages that may be under way to the broker at once. */
  readonly receiveMaximum: number;
  /** QoS 2 messages that may be under way to the broker at once. */
  readonly receiveMaximumQoS2: number;
  /** Topic Aliases that it takes; 0 for none. */
  readonly topicAliasMaximum: number;
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
  /** Bytes of a whole packet. */
  readonly maximumPacketSize: number;
  readonly sharedSubscriptions: boolean;
  readonly wildcardSubscriptions: boolean;
  readonly subscriptionIdentifiers: boolean;
  readonly responseInformation: string | undefined;
}

/** What holds where no Receive Maximum is given, on either side (sections 3.1.2.11.3 and 3.2.2.3.3). */
export const UNLIMITED_RECEIVE_MAXIMUM = 65_535;
/** On 3.1.1 a broker cannot say what it takes; mosquitto drops QoS 2 messages beyond 20 under way. */
const SAFE_QOS_2_WINDOW = 20;

/** Reads the limits off an accepted CONNACK; what it does not mention is unlimited. */
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

/** Availability is a byte on the wire, which not every version of the parser turns into a boolean. */
function isAvailable(value: unknown): boolean {
  return value !== false && value !== 0;
}
