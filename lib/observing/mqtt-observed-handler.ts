/** A handler, as far as it is known before a message comes: one and the same object for all of its messages. All texts are few: they may be labels. */
export interface MqttObservedHandler {
  /** Declared topic, with its prefix and its captures: `site-7/devices/{deviceId}/temperature`. */
  readonly template: string;
  /** The pattern as it was written. */
  readonly pattern: string;
  /** Topic Filter as it was subscribed, prefix and group included. */
  readonly subscription: string;
  /** Group of a shared subscription. */
  readonly group: string | undefined;
  /** `@EventPattern` or `@MessagePattern`. */
  readonly kind: 'event' | 'request';
  /** `TelemetryController.temperature`, where `@MqttSubscription` or `@PublishTo` stands on them: Nest tells nobody otherwise. */
  readonly source: string | undefined;
}

/** What a handler is doing at the moment. */
export interface MqttHandlerFigures {
  readonly handler: MqttObservedHandler;
  /** Messages that have a worker. */
  readonly running: number;
  /** Messages that wait for one. */
  readonly waiting: number;
}
