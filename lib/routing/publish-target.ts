import type { MqttPublishOptions } from '../options/publish-options.js';
import type { MqttCodec } from '../protocol/codec.js';
import { assertTopicName, topicNameProblem } from '../protocol/topic-name.js';
import { parseTopicTemplate, refusalOf, type Capture, type Refuse, type TopicParams } from './topic-template.js';

/** How the results of a handler are published. */
export interface PublishToOptions extends MqttPublishOptions {
  /** Default: the handler's. */
  codec?: MqttCodec;
}

/** Where, and how, the results of a handler are published, as `@PublishTo` says it. */
export interface PublishTarget {
  /** Topic Name, in which `{name}` stands for the value of a capture. */
  readonly topic: string;
  readonly options: Readonly<PublishToOptions>;
}

/** A target whose topic has been read. */
export interface ResolvedPublishTarget extends PublishTarget {
  /** @throws InvalidTopicError when the captures make no Topic Name, because they are empty */
  topicOf(params: TopicParams): string;
}

/**
 * @param captures those of the handler's pattern
 * @param refuse throws when the topic is none, or uses a capture that the pattern does not have
 */
export function resolvePublishTarget(
  { topic, options }: PublishTarget,
  captures: readonly Capture[],
  refuse: Refuse = refusalOf(topic),
): ResolvedPublishTarget {
  const template = parseTopicTemplate(topic, refuse);
  const levels = template.filter.split('/');
  for (const { name, level } of template.captures) {
    if (!captures.some((capture) => capture.name === name)) {
      refuse(`the handler's pattern does not capture {${name}}. Add it there, or remove it here`);
    }
    levels[level] = name; // stands in while the rest is checked
  }
  const problem = topicNameProblem(levels.join('/'));
  if (problem !== undefined) refuse(problem);
  if (template.captures.length === 0) return { topic, options, topicOf: () => template.filter };
  return {
    topic,
    options,
    topicOf: (params) => {
      const filled = [...levels];
      for (const { name, level } of template.captures) filled[level] = params[name]!;
      const name = filled.join('/');
      assertTopicName(name);
      return name;
    },
  };
}
