import type { MessageHandler } from '@nestjs/microservices';
import { DuplicateHandlerError } from '../errors/duplicate-handler.error.js';
import { discouragedProblem, type DiscouragedCharacters } from '../options/discouraged-characters.js';
import { OptionChecks } from '../options/option-checks.js';
import { likelyName } from '../options/option-names.js';
import { checkPublish } from '../options/publish-options.js';
import {
  checkSubscription,
  NO_LOCAL_IN_GROUP,
  SUBSCRIPTION_NAMES,
  type MqttSubscriptionOptions,
} from '../options/subscription-options.js';
import type { Handler } from './handler.js';
import { PUBLISH_TO_NAMES } from './publish-target.js';
import { TOPIC_PARAMS, type Extras } from './decorators/handler-extras.js';
import { handlerName } from './handler-name.js';
import { handlerWarnings } from './handler-warnings.js';
import { loopWarning } from './loop-warning.js';
import { levelsOf, OptionMerger, type OptionLevels } from './option-levels.js';
import { prefixWarnings } from './prefix-warnings.js';
import { publishTargets, resolveHandler, type Registration } from './resolve-handler.js';

/** Settings of the server that apply to all handlers. */
interface ServerLevel {
  readonly subscribeOptions: MqttSubscriptionOptions;
  readonly strippedPrefixes: readonly string[];
  readonly protocolVersion: 4 | 5;
  /** Receives warnings about options that have no effect. */
  readonly warn?: (line: string) => void;
}

/** The handlers of a server: registered by Nest, and resolved when the server starts. */
export class HandlerRegistry {
  private readonly registrations: Registration[] = [];
  /** Patterns of the last registered method. */
  private readonly patternsOfLatest = new Set<string>();

  /** @param discouraged the option `discouragedCharacters` of the connection */
  constructor(private readonly discouraged: DiscouragedCharacters = 'refuse') {}

  get isEmpty(): boolean {
    return this.registrations.length === 0;
  }

  /** @param literal whether `pattern` was an object before Nest normalised it */
  add(pattern: string, literal: boolean, callback: MessageHandler, isEventHandler: boolean, extras: Extras = {}): void {
    const first = this.firstOfMethod(pattern, extras);
    this.registrations.push({ pattern, literal, callback, isEventHandler, extras, first });
  }

  /**
   * Merges the options of all levels and parses the patterns.
   *
   * @throws InvalidOptionsError that lists the problems of all handlers
   * @throws InvalidTopicError, DuplicateHandlerError
   */
  resolve({ subscribeOptions, strippedPrefixes, protocolVersion, warn }: ServerLevel): Handler[] {
    const levels = this.registrations.map(({ extras }) => levelsOf(extras));
    this.check(levels, protocolVersion);
    const options = new OptionMerger(subscribeOptions);
    const handlers = this.registrations.map((registration, i) =>
      resolveHandler(registration, options.merge(levels[i]!), strippedPrefixes),
    );
    refuseNoLocalInGroups(handlers);
    this.refuseUnknownParams(handlers);
    refuseUnknownKeys(handlers);
    refuseDuplicates(handlers);
    if (warn) for (const line of this.warnings(handlers, levels, { subscribeOptions, protocolVersion })) warn(line);
    return handlers;
  }

  /** Nest registers the patterns of a method one after another, with the same extras object. */
  private firstOfMethod(pattern: string, extras: Extras): Registration | undefined {
    const latest = this.registrations.at(-1);
    const isLatest = latest?.extras === extras && !this.patternsOfLatest.has(pattern);
    if (!isLatest) this.patternsOfLatest.clear();
    this.patternsOfLatest.add(pattern);
    return isLatest ? (latest.first ?? latest) : undefined;
  }

  /** With several patterns, a capture must exist in at least one of them. */
  private refuseUnknownParams(handlers: readonly Handler[]): void {
    if (!this.registrations.some(({ extras }) => extras[TOPIC_PARAMS] !== undefined)) return;
    const checks = new OptionChecks();
    const capturedBy = new Map<object, string[]>();
    for (const { method, captures } of handlers) {
      const names = captures.map(({ name }) => name);
      capturedBy.set(method, [...(capturedBy.get(method) ?? []), ...names]);
    }
    for (const [i, { method, pattern }] of handlers.entries()) {
      const { extras, first } = this.registrations[i]!;
      const names = capturedBy.get(method)!;
      if (first) continue;
      for (const name of (extras[TOPIC_PARAMS] ?? []) as readonly string[]) {
        if (names.includes(name)) continue;
        const likely = likelyName(name, names);
        const remedy = likely ? `Did you mean "${likely}"?` : `Add {${name}} to the pattern`;
        checks.report(`@TopicParam('${name}') of '${pattern}'`, 'the pattern has no such capture', remedy);
      }
    }
    checks.done();
  }

  private warnings(
    handlers: readonly Handler[],
    levels: readonly OptionLevels[],
    { subscribeOptions, protocolVersion }: Pick<ServerLevel, 'subscribeOptions' | 'protocolVersion'>,
  ): string[] {
    const prefixed = levels.map(({ controller, own }, i) => ({
      prefixes: [subscribeOptions.prefix, controller?.prefix, own?.prefix],
      pattern: handlers[i]!.pattern,
    }));
    const ofHandlers = handlers.flatMap((handler, i) =>
      handlerWarnings({ handler, levels: levels[i]!, extras: this.registrations[i]!.extras }),
    );
    const loops = handlers.flatMap((handler) => loopWarning(handler, protocolVersion) ?? []);
    return [...prefixWarnings(prefixed), ...ofHandlers, ...loops];
  }

  private check(levels: readonly OptionLevels[], protocolVersion: 4 | 5): void {
    const checks = new OptionChecks(this.discouraged);
    for (const [i, { pattern, extras }] of this.registrations.entries()) {
      const { controller, own } = levels[i]!;
      if (discouragedProblem(pattern, this.discouraged) !== undefined)
        checks.withoutDiscouraged(`pattern ${JSON.stringify(pattern)}`, pattern);
      checks.likelyKnown(`'${pattern}'`, extras, SUBSCRIPTION_NAMES);
      if (controller) checkSubscription(checks, `'${pattern}'`, controller, protocolVersion);
      if (own) checkSubscription(checks, `'${pattern}'`, own, protocolVersion);
      for (const { topic, options } of publishTargets(extras)) {
        checks.withoutDiscouraged(`topic of @PublishTo(${JSON.stringify(topic)})`, topic);
        checkPublish(checks, `@PublishTo('${topic}')`, options, protocolVersion, PUBLISH_TO_NAMES);
      }
    }
    checks.done();
  }
}

/** Refuses an `orderBy` that names a capture which the pattern does not have. */
function refuseUnknownKeys(handlers: readonly Handler[]): void {
  const checks = new OptionChecks();
  for (const { pattern, captures, options } of handlers) {
    const { orderBy } = options;
    if (typeof orderBy !== 'string' || captures.some(({ name }) => name === orderBy)) continue;
    const likely = likelyName(
      orderBy,
      captures.map(({ name }) => name),
    );
    const remedy = likely ? `Did you mean "${likely}"?` : `Add {${orderBy}} to the pattern, or set orderBy: false`;
    checks.report(`'${pattern}'.orderBy`, `the pattern has no capture "${orderBy}"`, remedy);
  }
  checks.done();
}

/** Checked after the merge: the option may come from one level, the group from another or from the pattern. */
function refuseNoLocalInGroups(handlers: readonly Handler[]): void {
  const checks = new OptionChecks();
  for (const { pattern, options, filter } of handlers) {
    if (options.nl && filter.group !== undefined) checks.report(`'${pattern}'.nl`, ...NO_LOCAL_IN_GROUP);
  }
  checks.done();
}

/** Only one handler can reply to a request. */
function refuseDuplicates(handlers: readonly Handler[]): void {
  const answered = new Map<string, Handler>();
  for (const handler of handlers) {
    const { isEventHandler, filter, subscription, method } = handler;
    if (isEventHandler) continue;
    const other = answered.get(filter.filter);
    if (other) {
      const names = [handlerName(other), handlerName(handler)] as const;
      throw new DuplicateHandlerError(
        subscription,
        names,
        other.method !== method && other.method.extras === method.extras,
      );
    }
    answered.set(filter.filter, handler);
  }
}
