import { MqttTransportError } from './mqtt-transport.error.js';

/** A value of a streamed reply was lost. The stream ends with this error: it must not look complete. */
export class StreamGapError extends MqttTransportError {
  readonly code = 'ERR_MQTT_STREAM_GAP';

  constructor(
    readonly topic: string,
    expected: number,
    received: number,
  ) {
    super(
      `Value ${expected} of the streamed reply to "${topic}" was lost (value ${received} came instead). ` +
        'Send the request at QoS 1, so that replies are delivered at least once.',
    );
  }
}
