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
} from '../options/subscription-options.js';
import { splitShare, TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from './handler.js';
import { CONTROLLER_OPTIONS, PUBLISH_TO, type Extras } from './handler-extras.js';
import { resolvePublishTarget, type PublishTarget } from './publish-target.js';
import { parseTopicTemplate, type TopicTemplate } from './topic-template.js';

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
  readonly method: { readonly extras: Extras; readonly patterns: Set<string> };
}

/** The handlers of a server, as Nest registers them and as they are resolved when it starts. */
export class HandlerRegistry {
  private readonly registrations: Registration[] = [];

  get isEmpty(): boolean {
    return this.registrations.length === 0;
  }

  /** @param literal whether `pattern` was an object before Nest normalised it */
  add(pattern: string, literal: boolean, callback: MessageHandler, isEventHandler: boolean, extras: Extras = {}): void {
    const method = this.methodOf(pattern, extras);
    method.patterns.add(pattern);
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
    const handlers = this.registrations.map((registration) => resolveHandler(registration, server));
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
    const latest = this.registrations.at(-1)?.method;
    return latest?.extras === extras && !latest.patterns.has(pattern) ? latest : { extras, patterns: new Set() };
  }

  private check({ protocolVersion }: ServerLevel): void {
    const checks = new OptionChecks();
    for (const { pattern, extras } of this.registrations) {
      for (const level of [controllerOptions(extras), handlerOptions(extras)])
        checkSubscription(checks, `'${pattern}'`, level, protocolVersion);
      for (const { topic, options } of publishTargets(extras))
        checkPublish(checks, `@PublishTo('${topic}')`, options, protocolVersion);
    }
    checks.done();
  }
}

function resolveHandler(registration: Registration, { subscribeOptions, strippedPrefixes }: ServerLevel): Handler {
  const { pattern, literal, callback, isEventHandler, extras, method } = registration;
  const options = resolveSubscription([subscribeOptions, controllerOptions(extras), handlerOptions(extras)]);
  const written = splitShare(pattern); // a group may be part of the pattern: the prefix goes between the two
  const { filter: text, captures } = readTemplate(`${options.prefix}${written.filter}`, literal);
  const group = written.group ?? options.shared;
  const subscription = TopicFilter.parse(group === undefined ? text : `$share/${group}/${text}`);
  const stripped = strippedPrefixes.find((prefix) => subscription.filter.startsWith(prefix)) ?? '';
  const skipped = levelsIn(stripped);
  const inTopic = captures.map(({ name, level }) => ({ name, level: level - skipped }));
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
    publishTo: publishTargets(extras).map((target) => resolvePublishTarget(target, inTopic)),
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
  return literal ? { filter: text, captures: [] } : parseTopicTemplate(text);
}

function levelsIn(prefix: string): number {
  return prefix.split('/').length - 1;
}

function publishTargets(extras: Extras): readonly PublishTarget[] {
  return (extras[PUBLISH_TO] ?? []) as PublishTarget[];
}

function controllerOptions(extras: Extras): MqttSubscriptionOptions {
  return pickOptions((extras[CONTROLLER_OPTIONS] as Extras | undefined) ?? {});
}

function handlerOptions(extras: Extras): MqttSubscriptionOptions {
  return pickOptions(extras);
}

/** Extras may hold what others read: only the subscription options are ours. */
function pickOptions(extras: Extras): MqttSubscriptionOptions {
  return Object.fromEntries(
    SUBSCRIPTION_OPTION_NAMES.filter((name) => name in extras).map((name) => [name, extras[name]]),
  );
}
