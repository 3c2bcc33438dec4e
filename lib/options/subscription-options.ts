import { HttpException } from '@nestjs/common';
import type { MqttCodec } from '../protocol/codec.js';
import type { QoS } from '../protocol/application-message.js';
import type { DeadLetter } from '../protocol/dead-letter.js';
import type { KeyedMessage } from '../protocol/keyed-message.js';
import { shareNameProblem } from '../protocol/topic-filter.js';
import { topicNameProblem } from '../protocol/topic-name.js';
import { REFUSALS } from '../protocol/refusal.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import { AckPolicy } from './ack-policy.js';
import { checkDeduplicate, type DeduplicateOptions } from './deduplicate-options.js';
import { MESSAGE_FORMATS, type MqttMessageFormat } from './message-format.js';
import { OptionChecks } from './option-checks.js';
import { PUBLISH_DEFAULT_NAMES } from './publish-options.js';
import { withDefaults } from './with-defaults.js';

/** Retries of a failed handler in this process, before its ack policy applies. All durations are in milliseconds. */
export interface RetryOptions {
  /** Maximum number of runs, including the first. */
  attempts: number;
  /** Delay before the second run. Default 1_000. */
  delay?: number;
  /** Factor by which the delay grows after each further failure. Default 2. */
  factor?: number;
  /** Maximum delay. Default 30_000. */
  maxDelay?: number;
  /**
   * Returns whether an error is permanent, so that the handler is not retried. Default: an `HttpException` with a status from 400 to
   * 499, such as those of `ValidationPipe`, except 408 (timeout), 425 (too early) and 429 (too many requests).
   */
  permanent?: (error: unknown) => boolean;
}

/** HTTP statuses below 500 that a retry may resolve. */
const PASSING_STATUS = new Set<number>([408, 425, 429]);

export function isPermanent(error: unknown): boolean {
  if (!(error instanceof HttpException)) return false;
  const status = error.getStatus();
  return status >= 400 && status < 500 && !PASSING_STATUS.has(status);
}

export const DEFAULT_RETRY: Readonly<Required<RetryOptions>> = Object.freeze({
  attempts: 1,
  delay: 1_000,
  factor: 2,
  maxDelay: 30_000,
  permanent: isPermanent,
});

/**
 * How a handler subscribes, and how its messages are handled.
 *
 * Set for all handlers of a server (`subscribeOptions`), for a controller or a method (`@MqttSubscription`), or as extras
 * of a pattern (`@EventPattern('a', { qos: 1 })`). For each option the innermost value applies; prefixes are concatenated.
 */
export interface MqttSubscriptionOptions {
  /** Maximum QoS of the subscription. Default 0. */
  qos?: QoS;
  /**
   * Group of a Shared Subscription (section 4.8.2): the broker delivers each message to one member of the group.
   * `false` removes an inherited group. Default none.
   */
  shared?: string | false;
  /** Prepended to the pattern without a separator, for example `site-7/`. Prefixes of server, controller and handler are concatenated. Default `''`. */
  prefix?: string;
  /** When a message is acknowledged, and what happens when its handler fails. Default {@link AckPolicy.ACK}. */
  ackPolicy?: AckPolicy;
  /** Maximum number of messages that this handler processes at the same time; 1 = one after another, in order of arrival. Default `Infinity`. */
  maxWorkers?: number;
  /** Whether requests get no reply. Default false. */
  noReply?: boolean;
  /** Topic Name for replies to requests without a Response Topic. Default none. */
  responseTopic?: string;
  /**
   * Properties of replies (5.0). `'azure-iot-operations'`: adds the status that callers of Azure IoT Operations require; replies to
   * other callers do not change. Default `'plain'`.
   */
  replyFormat?: MqttMessageFormat;
  /** Retries after a failure. Default: none. */
  retry?: RetryOptions;
  /**
   * What becomes of a message that is given up, before it is acknowledged. A Topic Name is where it is published, with its properties and
   * the reason; it may use the captures of the pattern: `failed/{deviceId}`. Where the server has `deadLetters`, it is kept there, too;
   * with `true` only there. `false` switches inherited dead letters off. Default none.
   */
  deadLetter?: string | boolean;
  /**
   * The reason in a dead letter: `'original'` is the name and message of the error, `'masked'` is the error that a caller sees, where
   * unknown errors are "Internal server error". Default `'original'`.
   */
  deadLetterReason?: 'original' | 'masked';
  /**
   * Told of a message that is given up, before it is kept, published and acknowledged. It may return a promise, and is called again when
   * the message comes again. It needs no `deadLetter` beside it. Default none.
   */
  onDeadLetter?: (letter: DeadLetter) => unknown;
  /**
   * When `onDeadLetter` throws, rejects or takes too long, or the letter can be neither kept nor published: `'withhold'` leaves the
   * message with the broker, to come again when the session is resumed; `'acknowledge'` goes on, and the message may be lost. The log
   * says so. At QoS 0 there is nothing to withhold. Default `'withhold'`.
   */
  onDeadLetterFailure?: 'withhold' | 'acknowledge';
  /** Milliseconds that `onDeadLetter`, and the store, may take, each. Default 10_000. */
  deadLetterTimeout?: number;
  /** Reason code of a reject on 5.0, where the broker is told of it (`negativeAcknowledgements`): 0x80, 0x83, 0x87, 0x90, 0x91, 0x97 or 0x99. Default 0x83 (implementation specific error). */
  rejectReasonCode?: number;
  /**
   * The handler does not run again for a duplicate message: a duplicate of a message that is being handled waits for its end, and a
   * duplicate of a handled request gets the same reply. Requests are identified by Response Topic and Correlation Data (5.0), events by
   * the function `key`. This reduces duplicates, but does not guarantee exactly one run; for exactly one effect see
   * `PostgresDeduplicationStore.once`. `true` keeps handled messages in the memory of this process. Default false.
   */
  deduplicate?: boolean | DeduplicateOptions;
  /**
   * Messages with the same key are handled one after another, in order of arrival, retries included; messages with different keys run
   * in parallel, up to `maxWorkers`. The name of a capture of the pattern, or a function that returns the key. A message whose key
   * cannot be determined fails. The order holds within one process: a Shared Subscription distributes the messages of one key among
   * all members. `false` removes an inherited value. Default: no order by key.
   *
   * @example
   * ```ts
   * @EventPattern('devices/{deviceId}/temperature', { qos: 1, orderBy: 'deviceId' })
   * ```
   */
  orderBy?: string | false | ((message: KeyedMessage) => string);
  /** No Local (section 3.8.3.1, 5.0): messages of this connection are not sent back to it. Default false. */
  nl?: boolean;
  /** Retain As Published (section 3.8.3.1, 5.0). Default false. */
  rap?: boolean;
  /** Retain Handling (section 3.8.3.1, 5.0): 0 send retained messages, 1 only for a new subscription, 2 never. Default 0. */
  rh?: 0 | 1 | 2;
  /** Codec of this handler's payloads. Default: the codec of the server. */
  codec?: MqttCodec;
}

/** Subscription options of one handler: all levels merged, with defaults. */
export interface ResolvedSubscriptionOptions {
  readonly qos: QoS;
  readonly shared: string | undefined;
  readonly prefix: string;
  readonly ackPolicy: AckPolicy;
  readonly maxWorkers: number;
  readonly noReply: boolean;
  readonly responseTopic: string | undefined;
  readonly replyFormat: MqttMessageFormat;
  readonly retry: Readonly<Required<RetryOptions>>;
  /** Its topic; `true` where it is only kept. */
  readonly deadLetter: string | true | undefined;
  readonly deadLetterReason: 'original' | 'masked';
  readonly onDeadLetter: ((letter: DeadLetter) => unknown) | undefined;
  readonly onDeadLetterFailure: 'withhold' | 'acknowledge';
  readonly deadLetterTimeout: number;
  readonly rejectReasonCode: number;
  readonly deduplicate: boolean | Readonly<DeduplicateOptions>;
  readonly orderBy: string | ((message: KeyedMessage) => string) | undefined;
  readonly nl: boolean;
  readonly rap: boolean;
  readonly rh: 0 | 1 | 2;
  readonly codec: MqttCodec | undefined;
}

const DEFAULTS: ResolvedSubscriptionOptions = Object.freeze({
  qos: 0,
  shared: undefined,
  prefix: '',
  ackPolicy: AckPolicy.ACK,
  maxWorkers: Infinity,
  noReply: false,
  responseTopic: undefined,
  replyFormat: 'plain',
  retry: DEFAULT_RETRY,
  deadLetter: undefined,
  deadLetterReason: 'original',
  onDeadLetter: undefined,
  onDeadLetterFailure: 'withhold',
  deadLetterTimeout: 10_000,
  rejectReasonCode: 0x83,
  deduplicate: false,
  orderBy: undefined,
  nl: false,
  rap: false,
  rh: 0,
  codec: undefined,
});

/** Whether a message that its handler gives up becomes a dead letter. */
export function makesDeadLetters({
  deadLetter,
  onDeadLetter,
}: Pick<ResolvedSubscriptionOptions, 'deadLetter' | 'onDeadLetter'>): boolean {
  return deadLetter !== undefined || onDeadLetter !== undefined;
}

/** Names of the subscription options, by which they are picked out of a handler's extras. */
export const SUBSCRIPTION_OPTION_NAMES = Object.keys(DEFAULTS) as readonly (keyof MqttSubscriptionOptions)[];

export const SUBSCRIPTION_NAMES: ReadonlySet<string> = new Set(SUBSCRIPTION_OPTION_NAMES);

/** Returns the remedy for an option of what a handler publishes. */
function ofReplies(name: string): string | undefined {
  return PUBLISH_DEFAULT_NAMES.has(name)
    ? `For replies, give it in publishOptions: { ${name} } of the server`
    : undefined;
}
const RETRY_NAMES: ReadonlySet<string> = new Set(Object.keys(DEFAULT_RETRY));

/** Problem and remedy. */
export const NO_LOCAL_IN_GROUP = [
  'No Local on a Shared Subscription is a protocol error [MQTT-3.8.3-4]',
  'Remove nl, or the group',
] as const;

const ONLY_ON_5 = ['nl', 'rap', 'rh', 'replyFormat'] as const;

export function checkSubscription(
  checks: OptionChecks,
  path: string,
  options: MqttSubscriptionOptions | undefined,
  protocolVersion: 4 | 5,
): void {
  if (!checks.object(path, options)) return;
  checks.known(path, options, SUBSCRIPTION_NAMES, ofReplies);
  checks.oneOf(`${path}.qos`, options.qos, [0, 1, 2]);
  if (options.shared !== false)
    checks.sent(`${path}.shared`, options.shared, shareNameProblem, 'Give a group name, or false');
  checks.sent(`${path}.prefix`, options.prefix, utf8StringProblem, 'Give the beginning of a topic');
  checks.oneOf(`${path}.ackPolicy`, options.ackPolicy, Object.values(AckPolicy));
  checks.integer(`${path}.maxWorkers`, options.maxWorkers, { min: 1, infinite: true });
  checks.boolean(`${path}.noReply`, options.noReply);
  checks.sent(`${path}.responseTopic`, options.responseTopic, topicNameProblem, 'Give a Topic Name');
  checks.oneOf(`${path}.replyFormat`, options.replyFormat, MESSAGE_FORMATS);
  if (typeof options.deadLetter !== 'boolean')
    checks.sent(`${path}.deadLetter`, options.deadLetter, topicNameProblem, 'Give a Topic Name, true or false');
  checks.oneOf(`${path}.deadLetterReason`, options.deadLetterReason, ['original', 'masked']);
  checks.callable(`${path}.onDeadLetter`, options.onDeadLetter);
  checks.oneOf(`${path}.onDeadLetterFailure`, options.onDeadLetterFailure, ['withhold', 'acknowledge']);
  checks.duration(`${path}.deadLetterTimeout`, options.deadLetterTimeout, { min: 1, max: MAX_TIMER_MS });
  checks.oneOf(`${path}.rejectReasonCode`, options.rejectReasonCode, REFUSALS);
  checks.boolean(`${path}.nl`, options.nl);
  checks.boolean(`${path}.rap`, options.rap);
  checks.oneOf(`${path}.rh`, options.rh, [0, 1, 2]);
  checks.methods(`${path}.codec`, options.codec, ['encode', 'decode']);
  if (checks.object(`${path}.retry`, options.retry)) {
    checks.known(`${path}.retry`, options.retry, RETRY_NAMES);
    checks.integer(`${path}.retry.attempts`, options.retry.attempts, { min: 1 });
    checks.duration(`${path}.retry.delay`, options.retry.delay, { min: 0 });
    checks.number(`${path}.retry.factor`, options.retry.factor, { min: 1 });
    checks.duration(`${path}.retry.maxDelay`, options.retry.maxDelay, { min: 0 });
    checks.callable(`${path}.retry.permanent`, options.retry.permanent);
  }
  checkDeduplicate(checks, `${path}.deduplicate`, options.deduplicate, protocolVersion);
  if (options.orderBy !== false && typeof options.orderBy !== 'function')
    checks.text(`${path}.orderBy`, options.orderBy);
  if (options.nl && options.shared) checks.report(`${path}.nl`, ...NO_LOCAL_IN_GROUP);
  for (const name of protocolVersion === 5 ? [] : ONLY_ON_5) {
    if (options[name] !== undefined)
      checks.report(`${path}.${name}`, 'MQTT 3.1.1 does not have it', 'Remove it, or use protocolVersion 5');
  }
}

/**
 * Checks the names only. Values are checked when the server starts, because they depend on its protocol version.
 *
 * @throws InvalidOptionsError for an unknown option
 */
export function assertSubscriptionNames(path: string, options: MqttSubscriptionOptions): void {
  const checks = new OptionChecks();
  if (checks.object(path, options)) checks.known(path, options, SUBSCRIPTION_NAMES, ofReplies);
  checks.done();
}

/**
 * Merges the options of one handler from all levels.
 *
 * @param levels from the outermost (server) to the innermost (handler)
 */
export function resolveSubscription(
  levels: readonly (MqttSubscriptionOptions | undefined)[],
): ResolvedSubscriptionOptions {
  const merged: Record<string, unknown> = { ...DEFAULTS };
  for (const level of levels) {
    for (const name of SUBSCRIPTION_OPTION_NAMES) {
      const value = level?.[name];
      if (value !== undefined)
        merged[name] = name === 'prefix' ? `${merged['prefix'] as string}${value as string}` : value;
    }
  }
  if (merged['deadLetter'] === false) merged['onDeadLetter'] = undefined;
  for (const name of ['shared', 'orderBy', 'deadLetter']) if (merged[name] === false) merged[name] = undefined;
  merged['retry'] = Object.freeze(withDefaults(DEFAULT_RETRY, merged['retry'] as RetryOptions));
  return Object.freeze(merged as unknown as ResolvedSubscriptionOptions);
}
