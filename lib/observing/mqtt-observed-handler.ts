/** A handler. All calls about it get the same object. All of its strings are suitable as metric labels. */
export interface MqttObservedHandler {
  /** Topic template, with prefix and captures: `site-7/devices/{deviceId}/temperature`. */
  readonly template: string;
  /** The pattern of the decorator. */
  readonly pattern: string;
  /** Subscribed Topic Filter, including prefix and group. */
  readonly subscription: string;
  /** Group of a shared subscription. */
  readonly group: string | undefined;
  /** `@EventPattern` or `@MessagePattern`. */
  readonly kind: 'event' | 'request';
  /** Class and method, such as `TelemetryController.temperature`; undefined without `MqttModule` and without a decorator of this package, because Nest does not pass it on. */
  readonly source: string | undefined;
}

/** Present load of a handler. */
export interface MqttHandlerFigures {
  readonly handler: MqttObservedHandler;
  /** Number of messages that are being handled. */
  readonly running: number;
  /** Number of messages that wait for a worker. */
  readonly waiting: number;
}
