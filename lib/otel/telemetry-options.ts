import type { Span } from '@opentelemetry/api';
import type { MqttDelivery } from '../observing/mqtt-delivery.js';
import type { MqttObservedRequest } from '../observing/mqtt-observed-request.js';
import type { MqttPublication } from '../observing/mqtt-publication.js';
import { OptionChecks } from '../options/option-checks.js';
import { namesOf } from '../options/option-names.js';

/** Called when a span has started, to add attributes. Errors are reported to OpenTelemetry's diagnostics, and have no other effect. */
export interface MqttTelemetryHooks {
  /** A message is about to be sent. */
  publish?: (span: Span, publication: MqttPublication) => void;
  /** A request is sent. */
  request?: (span: Span, request: MqttObservedRequest) => void;
  /** A handler runs, for the first time. */
  process?: (span: Span, delivery: MqttDelivery) => void;
}

/** A message before its span is created. */
export type MqttTraced = Pick<MqttDelivery, 'connection' | 'topic'> & {
  /** Topic template; undefined if there is none. */
  readonly template: string | undefined;
};

/** Options of {@link mqttTelemetry}. */
export interface MqttTelemetryOptions {
  /**
   * Relation of a handler's span to the span of its message: `'message'` makes it a child, so that a request is one trace through all
   * services; `'link'` starts a new trace with a link, for messages that are processed much later. Default `'message'`.
   */
  parent?: 'message' | 'link';
  /**
   * Whether to trust the trace context of a message. Its publisher controls trace id, sampling and baggage; for an untrusted message only
   * a link is created. Default true.
   */
  trustIncoming?: boolean | ((delivery: MqttDelivery) => boolean);
  /**
   * Whether an error is an expected answer, so that the handler's span does not get the status error. Called with the thrown value.
   * Default: an `RpcException`, an `HttpException` below 500, and `AckMessage`, `NackMessage` and `RejectMessage`.
   */
  isExpected?: (error: unknown, delivery: MqttDelivery) => boolean;
  /** Returns whether a message or request gets neither span nor metrics. Default: none is ignored. */
  ignore?: (message: MqttTraced) => boolean;
  /** User Properties to record as attributes of handler spans, `messaging.mqtt.user_property.<name>`. Default none. */
  captureUserProperties?: readonly string[];
  /** Hooks that add attributes to spans. */
  hooks?: MqttTelemetryHooks;
}

const NAMES = namesOf<MqttTelemetryOptions>({
  parent: true,
  trustIncoming: true,
  isExpected: true,
  ignore: true,
  captureUserProperties: true,
  hooks: true,
});
const HOOKS = namesOf<MqttTelemetryHooks>({ publish: true, request: true, process: true });

/** @throws InvalidOptionsError that lists every problem */
export function checkTelemetryOptions(options: MqttTelemetryOptions): void {
  const checks = new OptionChecks();
  if (checks.object('the options', options)) checks.known('', options, NAMES);
  checks.done();
  checks.oneOf('parent', options.parent, ['message', 'link']);
  if (typeof options.trustIncoming !== 'boolean') checks.callable('trustIncoming', options.trustIncoming);
  checks.callable('isExpected', options.isExpected);
  checks.callable('ignore', options.ignore);
  checks.list('captureUserProperties', options.captureUserProperties, (option, name) => checks.text(option, name));
  if (checks.object('hooks', options.hooks)) {
    checks.known('hooks', options.hooks, HOOKS);
    for (const name of ['publish', 'request', 'process'] as const)
      checks.callable(`hooks.${name}`, options.hooks[name]);
  }
  checks.done();
}
