import { InvalidTopicError } from '../errors/invalid-topic.error.js';
import { utf8StringProblem, withoutDiscouraged } from './utf8-string.js';

/** Why `topic` is not a valid Topic Name (sections 4.7.1 and 4.7.3); undefined when it is valid. */
export function topicNameProblem(topic: string): string | undefined {
  if (topic.length === 0) return 'it is empty: a topic has at least one character';
  if (topic.includes('+') || topic.includes('#')) {
    return 'a Topic Name must not contain the wildcards + and #, which are for subscriptions';
  }
  return utf8StringProblem(topic);
}

/** @throws InvalidTopicError when `topic` is not a valid Topic Name */
export function assertTopicName(topic: string): void {
  const problem = topicNameProblem(topic);
  if (problem) throw new InvalidTopicError(topic, problem);
}

/** A Client Identifier as one level of a Topic Name, without the characters that a Topic Name must not or should not contain. */
export function topicLevel(clientId: string): string {
  const level = clientId.replaceAll('/', '_').replaceAll('+', '_').replaceAll('#', '_').replaceAll('$', '_');
  return withoutDiscouraged(level, '_');
}
