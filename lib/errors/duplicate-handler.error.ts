import { MqttTransportError } from './mqtt-transport.error.js';

/** Two `@MessagePattern` handlers have the same Topic Filter: only one of them could reply to a request. */
export class DuplicateHandlerError extends MqttTransportError {
  readonly code = 'ERR_MQTT_DUPLICATE_HANDLER';

  constructor(readonly filter: string) {
    super(
      `Two request handlers are registered for "${filter}", but only one can reply. ` +
        'Give one of them another pattern or prefix, or make it an @EventPattern.',
    );
  }
}
