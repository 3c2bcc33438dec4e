import { MqttTransportError } from './mqtt-transport.error.js';

/** Two `@MessagePattern` handlers claim the same Topic Filter: only one of them could answer a request. */
export class DuplicateHandlerError extends MqttTransportError {
  readonly code = 'ERR_MQTT_DUPLICATE_HANDLER';

  constructor(readonly filter: string) {
    super(
      `Two request handlers are registered for "${filter}", and only one could answer. ` +
        'Give one of them another pattern or prefix, or make it an @EventPattern.',
    );
  }
}
