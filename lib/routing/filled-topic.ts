import { assertTopicName, topicNameProblem } from '../protocol/topic-name.js';
import { parseTopicTemplate, type Capture, type Refuse, type TopicParams } from './topic-template.js';

/**
 * Builds a topic to publish to from the captures of a message.
 *
 * @throws InvalidTopicError when the result is not a Topic Name, because captures are empty
 */
export type FilledTopic = (params: TopicParams) => string;

/**
 * Parses a topic to publish to, in which `{name}` is replaced with the value of a capture.
 *
 * @param captures captures of the handler's pattern
 * @param refuse called when the topic is invalid, or uses a capture that the pattern does not have; throws
 */
export function readFilledTopic(topic: string, captures: readonly Capture[], refuse: Refuse): FilledTopic {
  const template = parseTopicTemplate(topic, refuse);
  const levels = template.filter.split('/');
  for (const { name, level } of template.captures) {
    if (!captures.some((capture) => capture.name === name)) {
      refuse(`the handler's pattern does not capture {${name}}. Add it there, or remove it here`);
    }
    levels[level] = name; // placeholder, to validate the rest
  }
  const problem = topicNameProblem(levels.join('/'));
  if (problem !== undefined) refuse(problem);
  if (template.captures.length === 0) return () => template.filter;
  return (params) => {
    const filled = [...levels];
    for (const { name, level } of template.captures) filled[level] = params[name]!;
    const name = filled.join('/');
    assertTopicName(name);
    return name;
  };
}
