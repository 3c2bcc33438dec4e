import type { MessageHandler } from '@nestjs/microservices';
import { DuplicateHandlerError } from '../errors/duplicate-handler.error.js';
import { OptionChecks } from '../options/option-checks.js';
import { checkPublish } from '../options/publish-options.js';
import {
  checkSubscription,
  NO_LOCAL_IN_GROUP,
  resolveSubscription,
  SUBSCRIPTION_OPTION_NAMES,
  type MqttSubscriptionOptions,
  type ResolvedSubscriptionOptions,
} from '../options/subscription-options.js';
import { splitShare, TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from './handler.js';
import { CONTROLLER_OPTIONS, PUBLISH_TO, type Extras } from './handler-extras.js';
import { resolvePublishTarget, type PublishTarget, type ResolvedPublishTarget } from './publish-target.js';
import { parseTopicTemplate, type Capture, type TopicTemplate } from './topic-template.js';

const NONE: readonly never[] = Object.freeze([]);

/** What the server as a whole says about its handlers. */
interface ServerLevel {
  readonly subscribeOptions: MqttSubscriptionOptions;
  readonly strippedPrefixes: readonly string[];
  readonly protocolVersion: 4 | 5;
}

interface Registration {
  /** Normalised the way Nest does. */
  readonly pattern: string;
  /** Whether the pattern was an object, whose braces are no captures. */
  readonly literal: boolean;
  readonly callback: MessageHandler;
  readonly isEventHandler: boolean;
  readonly extras: Extras;
  readonly method: object;
}

/** The handlers of a server, as Nest registers them and as they are resolved when it starts. */
export class HandlerRegistry {
  private readonly registrations: Registration[] = [];
  /** Patterns of the method that was registered last. */
  private readonly patternsOfLatest = new Set<string>();

  get isEmpty(): boolean {
    return this.registrations.length === 0;
  }

  /** @param literal whether `pattern` was an object before Nest normalised it */
  add(pattern: string, literal: boolean, callback: MessageHandler, isEventHandler: boolean, extras: Extras = {}): void {
    const method = this.methodOf(pattern, extras);
    this.registrations.push({ pattern, literal, callback, isEventHandler, extras, method });
  }

  /**
   * Merges the options of all levels and reads the patterns.
   *
   * @throws InvalidOptionsError that lists the problems of all handlers
   * @throws InvalidTopicError, DuplicateHandlerError
   */
  resolve(server: ServerLevel): Handler[] {
    this.check(server);
    // most handlers say nothing of their own: with 5,000 of them that share it the start takes 15 ms less
    const inherited = resolveSubscription([server.subscribeOptions]);
    const handlers = this.registrations.map((registration) => resolveHandler(registration, server, inherited));
    refuseNoLocalInGroups(handlers);
    const answered = new Set<string>();
    for (const { isEventHandler, filter, subscription } of handlers) {
      if (isEventHandler) continue;
      if (answered.has(filter.filter)) throw new DuplicateHandlerError(subscription);
      answered.add(filter.filter);
    }
    return handlers;
  }

  /** Nest registers the patterns of one method in a row, and with one and the same extras object. */
  private methodOf(pattern: string, extras: Extras): Registration['method'] {
    const latest = this.registrations.at(-1);
    const isLatest = latest?.extras === extras && !this.patternsOfLatest.has(pattern);
    if (!isLatest) this.patternsOfLatest.clear();
    this.patternsOfLatest.add(pattern);
    return isLatest ? latest.method : {};
  }

  private check({ protocolVersion }: ServerLevel): void {
    const checks = new OptionChecks();
    for (const { pattern, extras } of this.registrations) {
      const { controller, own } = levelsOf(extras);
      if (controller) checkSubscription(checks, `'${pattern}'`, controller, protocolVersion);
      if (own) checkSubscription(checks, `'${pattern}'`, own, protocolVersion);
      for (const { topic, options } of publishTargets(extras))
        checkPublish(checks, `@PublishTo('${topic}')`, options, protocolVersion);
    }
    checks.done();
  }
}

/** @param inherited what holds for handlers that say nothing of their own */
function resolveHandler(
  registration: Registration,
  { subscribeOptions, strippedPrefixes }: ServerLevel,
  inherited: ResolvedSubscriptionOptions,
): Handler {
  const { pattern, literal, callback, isEventHandler, extras, method } = registration;
  const { controller, own } = levelsOf(extras);
  const options = controller || own ? resolveSubscription([subscribeOptions, controller, own]) : inherited;
  const written = splitShare(pattern); // a group may be part of the pattern: the prefix goes between the two
  const { filter: text, captures } = readTemplate(`${options.prefix}${written.filter}`, literal);
  const group = written.group ?? options.shared;
  const subscription = TopicFilter.parse(group === undefined ? text : `$share/${group}/${text}`);
  const stripped = strippedPrefixes.find((prefix) => subscription.filter.startsWith(prefix)) ?? '';
  const inTopic = stripped ? shifted(captures, levelsIn(stripped)) : captures;
  return {
    pattern,
    callback,
    isEventHandler,
    options,
    subscription: subscription.text,
    filter: stripped
      ? TopicFilter.parse(subscription.filter.slice(stripped.length)).inGroup(subscription.group)
      : subscription,
    captures: inTopic,
    publishTo: resolveTargets(publishTargets(extras), inTopic),
    method,
  };
}

/** The option may come from one level and the group from another, or from the pattern: only together are they wrong. */
function refuseNoLocalInGroups(handlers: readonly Handler[]): void {
  const checks = new OptionChecks();
  for (const { pattern, options, filter } of handlers) {
    if (options.nl && filter.group !== undefined) checks.report(`'${pattern}'.nl`, ...NO_LOCAL_IN_GROUP);
  }
  checks.done();
}

function readTemplate(text: string, literal: boolean): TopicTemplate {
  return literal ? { filter: text, captures: NONE } : parseTopicTemplate(text);
}

/** Captures as they stand in topics without the levels that are skipped. */
function shifted(captures: readonly Capture[], skipped: number): Capture[] {
  return captures.map(({ name, level }) => ({ name, level: level - skipped }));
}

function levelsIn(prefix: string): number {
  return prefix.split('/').length - 1;
}

function publishTargets(extras: Extras): readonly PublishTarget[] {
  return (extras[PUBLISH_TO] ?? NONE) as readonly PublishTarget[];
}

function resolveTargets(
  targets: readonly PublishTarget[],
  captures: readonly Capture[],
): readonly ResolvedPublishTarget[] {
  return targets.length === 0 ? NONE : targets.map((target) => resolvePublishTarget(target, captures));
}

/** What a controller and its handler say, each undefined where it says nothing. */
function levelsOf(extras: Extras): Record<'controller' | 'own', MqttSubscriptionOptions | undefined> {
  const controller = extras[CONTROLLER_OPTIONS] as Extras | undefined;
  return { controller: controller && pickOptions(controller), own: pickOptions(extras) };
}

/** Extras may hold what others read: only the subscription options are ours. */
function pickOptions(extras: Extras): MqttSubscriptionOptions | undefined {
  let picked: Record<string, unknown> | undefined;
  for (const name in extras) {
    if (OPTION_NAMES.has(name)) (picked ??= {})[name] = extras[name];
  }
  return picked;
}

const OPTION_NAMES: ReadonlySet<string> = new Set(SUBSCRIPTION_OPTION_NAMES);
