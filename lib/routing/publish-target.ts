import { allNames, namesOf } from '../options/option-names.js';
import { PUBLISH_NAMES, type MqttPublishOptions } from '../options/publish-options.js';
import type { MqttCodec } from '../protocol/codec.js';
import { readFilledTopic, type FilledTopic } from './filled-topic.js';
import { refusalOf, type Capture, type Refuse } from './topic-template.js';

/** How the results of a handler are published. */
export interface PublishToOptions extends MqttPublishOptions {
  /** Encodes the results. Default: the handler's. */
  codec?: MqttCodec;
}

/** Names of the options of `@PublishTo`. */
export const PUBLISH_TO_NAMES = allNames(PUBLISH_NAMES, namesOf<Pick<PublishToOptions, 'codec'>>({ codec: true }));

/** Where, and how, the results of a handler are published, as `@PublishTo` says it. */
export interface PublishTarget {
  /** Topic Name, in which `{name}` stands for the value of a capture. */
  readonly topic: string;
  readonly options: Readonly<PublishToOptions>;
}

/** A target whose topic has been read. */
export interface ResolvedPublishTarget extends PublishTarget {
  readonly topicOf: FilledTopic;
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
  return { topic, options, topicOf: readFilledTopic(topic, captures, refuse) };
}
