import { MqttTransportError } from './mqtt-transport.error.js';

/** Two `@MessagePattern` handlers have the same Topic Filter: only one of them could reply to a request. */
export class DuplicateHandlerError extends MqttTransportError {
  readonly code = 'ERR_MQTT_DUPLICATE_HANDLER';

  /**
   * @param handlers the two handlers: their patterns, with class and method if they are known
   * @param sameMethod whether it is one method that Nest has registered twice
   */
  constructor(
    readonly filter: string,
    [one, other]: readonly [string, string],
    sameMethod = false,
  ) {
    super(
      `Two request handlers are registered for "${filter}", but only one can reply: ` +
        (sameMethod
          ? `the method of ${one} is registered twice. List its controller in one module only; controllers that inherit the method need a prefix each.`
          : `${one} and ${other}. Give one of them another pattern or prefix, or make it an @EventPattern.`),
    );
  }
}
