import { MqttTransportError } from './mqtt-transport.error.js';

/** What is known of a request whose time is up. */
export interface TimeoutDetails extends ErrorOptions {
  /** Why it was not sent; left out for one that was. */
  readonly notSentBecause?: string | undefined;
  /** What may have kept the reply of one that was sent from coming. */
  readonly hint?: string | undefined;
}

/** No reply came before the deadline of the request. Whether it was executed is not known, unless the message says that it was not sent. */
export class RequestTimeoutError extends MqttTransportError {
  readonly code = 'ERR_MQTT_REQUEST_TIMEOUT';

  /** @param timeout milliseconds that the request was given */
  constructor(
    readonly topic: string,
    readonly timeout: number,
    { notSentBecause, hint, ...options }: TimeoutDetails = {},
  ) {
    super(
      notSentBecause === undefined
        ? `No reply to the request on "${topic}" within ${timeout} ms. ` +
            'Check that a handler listens there, or allow more time (requestTimeout, setTimeout).' +
            (hint === undefined ? '' : ` ${hint}`)
        : `The request on "${topic}" was not sent within ${timeout} ms: ${notSentBecause}`,
      options,
    );
  }
}
