import { assertTopicName, topicNameProblem } from '../protocol/topic-name.js';
import { parseTopicTemplate, type Capture, type Refuse, type TopicParams } from './topic-template.js';

/**
 * A topic to publish to, with the captures of a message filled in.
 *
 * @throws InvalidTopicError when they make no Topic Name, because they are empty
 */
export type FilledTopic = (params: TopicParams) => string;

/**
 * Reads a topic to publish to, in which `{name}` stands for the value of a capture.
 *
 * @param captures those of the handler's pattern
 * @param refuse throws when the topic is none, or uses a capture that the pattern does not have
 */
export function readFilledTopic(topic: string, captures: readonly Capture[], refuse: Refuse): FilledTopic {
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
  if (template.captures.length === 0) return () => template.filter;
  return (params) => {
    const filled = [...levels];
    for (const { name, level } of template.captures) filled[level] = params[name]!;
    const name = filled.join('/');
    assertTopicName(name);
    return name;
  };
}
