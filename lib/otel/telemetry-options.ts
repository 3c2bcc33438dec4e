import type { Span } from '@opentelemetry/api';
import type { MqttDelivery } from '../observing/mqtt-delivery.js';
import type { MqttObservedRequest } from '../observing/mqtt-observed-request.js';
import type { MqttPublication } from '../observing/mqtt-publication.js';
import { OptionChecks } from '../options/option-checks.js';
import { namesOf } from '../options/option-names.js';

/** Called when a span has begun, to add to it. What they throw, or reject, is reported to OpenTelemetry's diagnostics, and changes nothing. */
export interface MqttTelemetryHooks {
  /** A message is going to be sent. */
  publish?: (span: Span, publication: MqttPublication) => void;
  /** A request has been made. */
  request?: (span: Span, request: MqttObservedRequest) => void;
  /** A handler runs, for the first time. */
  process?: (span: Span, delivery: MqttDelivery) => void;
}

/** What is told of a message before there is a span of it. */
export type MqttTraced = Pick<MqttDelivery, 'connection' | 'topic'> & {
  /** Declared topic; undefined where nothing is declared. */
  readonly template: string | undefined;
};

/** Options of {@link mqttTelemetry}. */
export interface MqttTelemetryOptions {
  /**
   * How a handler's span is tied to the one that sent its message: `'message'` makes it its child, so that a request is one trace through
   * all services; `'link'` begins a trace of its own and links to it, for messages that are worked on long after. Default `'message'`.
   */
  parent?: 'message' | 'link';
  /**
   * Whether the trace context of a message is trusted. Who may publish can choose trace and sampling, and fill baggage: of a message that
   * is not trusted there is a link only, as where the function throws or returns a promise. Default true.
   */
  trustIncoming?: boolean | ((delivery: MqttDelivery) => boolean);
  /**
   * Whether what a handler has failed with is a regular answer, so that its span is no error. Given what was thrown.
   * Default: an `RpcException`, an `HttpException` below 500, and `AckMessage`, `NackMessage` and `RejectMessage`.
   */
  isExpected?: (error: unknown, delivery: MqttDelivery) => boolean;
  /** Messages and requests of which there is no span and no metric. Default none. */
  ignore?: (message: MqttTraced) => boolean;
  /** User Properties that become attributes of the spans of handlers, `messaging.mqtt.user_property.<name>`. Default none. */
  captureUserProperties?: readonly string[];
  /** Add to spans. */
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
