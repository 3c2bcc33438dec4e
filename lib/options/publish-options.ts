import type { QoS, UserProperties } from '../protocol/application-message.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import { OptionChecks } from './option-checks.js';

/** How a message is published. Everything but `qos` and `retain` exists on 5.0 only. */
export interface MqttPublishOptions {
  /** Default 0. */
  qos?: QoS;
  /** Whether the broker keeps the message for later subscribers. Default false. */
  retain?: boolean;
  /**
   * The application's own name and value pairs. Names that begin with `nest-` are the wire contract's, and refused; those of a
   * dead letter (`nest-dead-letter-...`) may be passed on.
   */
  userProperties?: UserProperties;
  /** MIME type of the payload. Default: what the codec says. */
  contentType?: string;
  /** Seconds after which the broker drops the message undelivered. Default: never. */
  messageExpiryInterval?: number;
  /** Says that the payload is UTF-8 text. */
  payloadFormatIndicator?: boolean;
}

/** The part of the publish options that defaults are given for. */
export type PublishDefaults = Pick<MqttPublishOptions, 'qos' | 'retain' | 'userProperties' | 'messageExpiryInterval'>;

const ONLY_ON_5 = ['userProperties', 'contentType', 'messageExpiryInterval', 'payloadFormatIndicator'] as const;

export function checkPublish(
  checks: OptionChecks,
  path: string,
  options: MqttPublishOptions | undefined,
  protocolVersion: 4 | 5,
): void {
  if (!checks.object(path, options)) return;
  checks.oneOf(`${path}.qos`, options.qos, [0, 1, 2]);
  checks.boolean(`${path}.retain`, options.retain);
  checks.integer(`${path}.messageExpiryInterval`, options.messageExpiryInterval, { min: 0, max: 0xffff_ffff });
  if (options.userProperties) checkUserPropertyNames(checks, `${path}.userProperties`, options.userProperties);
  if (protocolVersion === 5) return;
  for (const name of ONLY_ON_5) {
    if (options[name] !== undefined)
      checks.report(`${path}.${name}`, 'MQTT 3.1.1 does not have it', 'Remove it, or use protocolVersion 5');
  }
}

const RESERVED = 'nest-';
const DEAD_LETTER = 'nest-dead-letter-';

/** One of the contract's names would make an ordinary message a failure, or a piece of a stream. */
export function checkUserPropertyNames(checks: OptionChecks, path: string, userProperties: UserProperties): void {
  for (const name of Object.keys(userProperties)) {
    if (!name.startsWith(RESERVED) || name.startsWith(DEAD_LETTER)) continue;
    checks.report(
      `${path}["${name}"]`,
      `names that begin with "${RESERVED}" are the wire contract's`,
      'Choose another name, and leave such names out of what is passed on',
    );
  }
}

/**
 * Checks the options of one message: a wrong one would break the connection, and again whenever the message is sent.
 *
 * @param what the message in words
 * @throws InvalidOptionsError that lists every problem
 */
export function assertPublishOptions(what: string, options: Readonly<MqttPublishOptions>): void {
  const checks = new OptionChecks();
  checkPublish(checks, what, options, 5);
  checks.wellFormed(`${what}.contentType`, options.contentType, utf8StringProblem, 'Give a MIME type');
  checks.boolean(`${what}.payloadFormatIndicator`, options.payloadFormatIndicator);
  checks.done();
}
