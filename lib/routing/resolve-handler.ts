import type { MessageHandler } from '@nestjs/microservices';
import type { ResolvedSubscriptionOptions } from '../options/subscription-options.js';
import { splitShare, TopicFilter, topicFilterProblem } from '../protocol/topic-filter.js';
import type { Handler } from './handler.js';
import { DECLARED_AT, placeOf, PUBLISH_TO, type Extras } from './decorators/handler-extras.js';
import { readFilledTopic } from './filled-topic.js';
import { resolvePublishTarget, type PublishTarget, type ResolvedPublishTarget } from './publish-target.js';
import { parseTopicTemplate, refusalOf, type Capture, type Refuse, type TopicTemplate } from './topic-template.js';

/** A handler, as registered by Nest. */
export interface Registration {
  /** Pattern, normalised as in Nest. */
  readonly pattern: string;
  /** Whether the pattern was an object, in which braces are not captures. */
  readonly literal: boolean;
  readonly callback: MessageHandler;
  readonly isEventHandler: boolean;
  readonly extras: Extras;
  /** The first registration of the same method; undefined if this is the first. */
  readonly first: Registration | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * Parses the pattern of a handler.
 *
 * @param strippedPrefixes prefixes of filters that the broker strips
 * @throws InvalidTopicError that shows the pattern or topic of the decorator
 */
export function resolveHandler(
  registration: Registration,
  options: ResolvedSubscriptionOptions,
  strippedPrefixes: readonly string[],
): Handler {
  const { pattern, callback, isEventHandler, extras } = registration;
  const { subscription, captures, text } = readPattern(registration, options);
  const stripped = strippedPrefixes.find((prefix) => subscription.filter.startsWith(prefix)) ?? '';
  const inTopic = stripped ? shifted(captures, levelsIn(stripped)) : captures;
  return {
    pattern,
    template: text.slice(stripped.length),
    declaredAt: extras[DECLARED_AT] as string | undefined,
    callback,
    isEventHandler,
    options,
    subscription: subscription.text,
    filter: stripped
      ? TopicFilter.parse(subscription.filter.slice(stripped.length)).inGroup(subscription.group)
      : subscription,
    captures: inTopic,
    deadLetterTopic:
      typeof options.deadLetter === 'string'
        ? readFilledTopic(options.deadLetter, inTopic, refusalOf(options.deadLetter, deadLetterOf(registration)))
        : undefined,
    publishTo: resolveTargets(extras, inTopic),
    method: registration.first ?? registration,
  };
}

/** The subscribed filter, and the captures. */
function readPattern(
  { pattern, literal, extras }: Registration,
  { prefix, shared }: ResolvedSubscriptionOptions,
): { readonly subscription: TopicFilter; readonly captures: readonly Capture[]; readonly text: string } {
  const beforeIt = prefix && ` (with the prefix ${JSON.stringify(prefix)} before it)`;
  const refuse = refusalOf(pattern, `${beforeIt}${placeOf(extras)}`);
  if (prefix.includes('#'))
    refusalOf(prefix, placeOf(extras))('the option prefix has a #, and a filter ends with it: use + for one level');
  const written = splitShare(pattern); // a pattern may begin with $share/<group>/: the prefix is inserted after it
  const text = `${prefix}${written.filter}`;
  const { filter, captures } = readTemplate(text, literal, refuse);
  const group = written.group ?? shared;
  const subscribed = group === undefined ? filter : `$share/${group}/${filter}`;
  return { subscription: parseFilter(subscribed, refuse), captures, text };
}

function parseFilter(text: string, refuse: Refuse): TopicFilter {
  try {
    return TopicFilter.parse(text);
  } catch {
    return refuse(topicFilterProblem(text)!);
  }
}

function readTemplate(text: string, literal: boolean, refuse: Refuse): TopicTemplate {
  return literal ? { filter: text, captures: NONE } : parseTopicTemplate(text, refuse);
}

/** The captures, with levels counted in topics without the skipped levels. */
function shifted(captures: readonly Capture[], skipped: number): readonly Capture[] {
  return captures.length === 0 ? NONE : captures.map(({ name, level }) => ({ name, level: level - skipped }));
}

function levelsIn(prefix: string): number {
  return prefix.split('/').length - 1;
}

/** The targets of `@PublishTo`. */
export function publishTargets(extras: Extras): readonly PublishTarget[] {
  return (extras[PUBLISH_TO] ?? NONE) as readonly PublishTarget[];
}

function resolveTargets(extras: Extras, captures: readonly Capture[]): readonly ResolvedPublishTarget[] {
  const targets = publishTargets(extras);
  if (targets.length === 0) return NONE;
  return targets.map((target) =>
    resolvePublishTarget(target, captures, refusalOf(target.topic, ` (@PublishTo${placeOf(extras)})`)),
  );
}

function deadLetterOf({ pattern, extras }: Registration): string {
  return ` (deadLetter of ${JSON.stringify(pattern)}${placeOf(extras)})`;
}
