import { MqttTransportError } from './mqtt-transport.error.js';

/** One Topic Filter that the broker refused. */
export interface RefusedFilter {
  readonly filter: string;
  /** Reason code of the SUBACK, 0x80 or above. */
  readonly reasonCode: number;
  /** The reason code in words. */
  readonly reason: string;
}

/** The broker refused one or more subscriptions (SUBACK). */
export class SubscriptionRefusedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_SUBSCRIPTION_REFUSED';

  constructor(
    readonly refused: readonly RefusedFilter[],
    options?: ErrorOptions,
  ) {
    const list = refused.map(
      ({ filter, reasonCode, reason }) => `"${filter}" (0x${reasonCode.toString(16)} ${reason})`,
    );
    super(
      `The broker refused ${refused.length === 1 ? 'the subscription' : 'the subscriptions'} ${list.join(', ')}. ` +
        "Check the filter and this client's permissions on the broker.",
      options,
    );
    this.hide('refused');
  }
}
