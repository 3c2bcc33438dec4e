import type { QoS, UserProperties } from '../protocol/application-message.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import { OptionChecks } from './option-checks.js';
import { namesOf } from './option-names.js';
import { checkUserProperties, copyUserProperties } from './user-properties.js';

/** How a message is published. Everything but `qos` and `retain` exists on 5.0 only. */
export interface MqttPublishOptions {
  /** QoS of the message. Default 0. */
  qos?: QoS;
  /** Whether the broker keeps the message for later subscribers. Default false. */
  retain?: boolean;
  /**
   * Name and value pairs of the application. Names that begin with `nest-` are reserved for the wire contract and refused, except
   * those of a dead letter (`nest-dead-letter-...`), which may be forwarded.
   */
  userProperties?: UserProperties;
  /** MIME type of the payload. Default: set by the codec. */
  contentType?: string;
  /** Seconds after which the broker drops the message if it is not delivered. Default: never. */
  messageExpiryInterval?: number;
  /** Marks the payload as UTF-8 text. */
  payloadFormatIndicator?: boolean;
}

/** The publish options that can have defaults. */
export type PublishDefaults = Pick<MqttPublishOptions, 'qos' | 'retain' | 'userProperties' | 'messageExpiryInterval'>;

/** Names of the options of a message. */
export const PUBLISH_NAMES = namesOf<MqttPublishOptions>({
  qos: true,
  retain: true,
  userProperties: true,
  contentType: true,
  messageExpiryInterval: true,
  payloadFormatIndicator: true,
});

/** Names of the publish options that can have defaults. */
export const PUBLISH_DEFAULT_NAMES = namesOf<PublishDefaults>({
  qos: true,
  retain: true,
  userProperties: true,
  messageExpiryInterval: true,
});

const ONLY_ON_5 = ['userProperties', 'contentType', 'messageExpiryInterval', 'payloadFormatIndicator'] as const;

/** Checks publish options. @param names the known options */
export function checkPublish(
  checks: OptionChecks,
  path: string,
  options: Readonly<MqttPublishOptions> | undefined,
  protocolVersion: 4 | 5,
  names: ReadonlySet<string>,
): void {
  if (!checks.object(path, options)) return;
  checks.known(path, options, names);
  checks.oneOf(`${path}.qos`, options.qos, [0, 1, 2]);
  checks.boolean(`${path}.retain`, options.retain);
  checks.integer(`${path}.messageExpiryInterval`, options.messageExpiryInterval, { min: 0, max: 0xffff_ffff });
  checks.sent(`${path}.contentType`, options.contentType, utf8StringProblem, 'Give a MIME type');
  checks.boolean(`${path}.payloadFormatIndicator`, options.payloadFormatIndicator);
  checkUserProperties(checks, `${path}.userProperties`, options.userProperties);
  if (protocolVersion === 5) return;
  for (const name of ONLY_ON_5) {
    if (options[name] !== undefined)
      checks.report(`${path}.${name}`, 'MQTT 3.1.1 does not have it', 'Remove it, or use protocolVersion 5');
  }
}

/** A deep, frozen copy. */
export function copyPublishDefaults(options: PublishDefaults = {}): Readonly<PublishDefaults> {
  const { userProperties } = options;
  return Object.freeze({
    ...options,
    ...(userProperties && { userProperties: copyUserProperties(userProperties) }),
  });
}

/**
 * Checks the options of one message. An invalid packet would make the broker close the connection, each time the message is sent.
 *
 * @param what description of the message for the error
 * @param names the known options
 * @throws InvalidOptionsError that lists every problem
 */
export function assertPublishOptions(
  what: string,
  options: Readonly<MqttPublishOptions>,
  names: ReadonlySet<string>,
): void {
  const checks = new OptionChecks();
  checkPublish(checks, what, options, 5, names);
  checks.done();
}
