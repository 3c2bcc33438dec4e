import { allNames, namesOf } from '../options/option-names.js';
import { PUBLISH_NAMES, type MqttPublishOptions } from '../options/publish-options.js';
import type { MqttCodec } from '../protocol/codec.js';
import { readFilledTopic, type FilledTopic } from './filled-topic.js';
import { refusalOf, type Capture, type Refuse } from './topic-template.js';

/** Options of the messages that `@PublishTo` publishes. */
export interface PublishToOptions extends MqttPublishOptions {
  /** Encodes the results. Default: the codec of the handler. */
  codec?: MqttCodec;
}

/** Names of the options of `@PublishTo`. */
export const PUBLISH_TO_NAMES = allNames(PUBLISH_NAMES, namesOf<Pick<PublishToOptions, 'codec'>>({ codec: true }));

/** Topic and options of one `@PublishTo`. */
export interface PublishTarget {
  /** Topic Name, in which `{name}` is replaced with the value of a capture. */
  readonly topic: string;
  readonly options: Readonly<PublishToOptions>;
}

/** A target with its parsed topic. */
export interface ResolvedPublishTarget extends PublishTarget {
  readonly topicOf: FilledTopic;
}

/**
 * @param captures captures of the handler's pattern
 * @param refuse called when the topic is invalid, or uses a capture that the pattern does not have; throws
 */
export function resolvePublishTarget(
  { topic, options }: PublishTarget,
  captures: readonly Capture[],
  refuse: Refuse = refusalOf(topic),
): ResolvedPublishTarget {
  return { topic, options, topicOf: readFilledTopic(topic, captures, refuse) };
}
