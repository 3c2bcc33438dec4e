import { MqttTransportError } from './mqtt-transport.error.js';

/** Details of a request that timed out. */
export interface TimeoutDetails extends ErrorOptions {
  /** Why the request was not sent; undefined when it was sent. */
  readonly notSentBecause?: string | undefined;
  /** A possible reason why no reply arrived. */
  readonly hint?: string | undefined;
}

/** No reply arrived before the deadline of the request. The handler may have run, unless the message says that the request was not sent. */
export class RequestTimeoutError extends MqttTransportError {
  readonly code = 'ERR_MQTT_REQUEST_TIMEOUT';

  /** @param timeout timeout of the request, in milliseconds */
  constructor(
    readonly topic: string,
    readonly timeout: number,
    { notSentBecause, hint, ...options }: TimeoutDetails = {},
  ) {
    super(
      notSentBecause === undefined
        ? `No reply to the request on "${topic}" within ${timeout} ms. ` +
            'Check that a @MessagePattern handler is subscribed to it (an @EventPattern does not reply), or allow more time (requestTimeout, setTimeout).' +
            (hint === undefined ? '' : ` ${hint}`)
        : `The request on "${topic}" was not sent within ${timeout} ms: ${notSentBecause}`,
      options,
    );
  }
}
