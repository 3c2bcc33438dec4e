import { TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from './handler.js';
import { handlerName } from './handler-name.js';
import { parseTopicTemplate } from './topic-template.js';

/**
 * A warning about a handler that receives what it publishes: it would run again and again, as fast as the broker delivers. Undefined
 * unless every topic that it publishes to matches, whatever its captures stand for.
 */
export function loopWarning(handler: Handler, protocolVersion: 4 | 5): string | undefined {
  const { options, filter, publishTo } = handler;
  if (options.nl) return undefined;
  const { deadLetter } = options;
  const receives = (topic: string): boolean => filter.covers(TopicFilter.parse(parseTopicTemplate(topic).filter));
  const result = publishTo.find(({ topic }) => receives(topic));
  let what: string;
  if (typeof deadLetter === 'string' && receives(deadLetter))
    what = `deadLetter "${deadLetter}" matches its own pattern, and a message that fails`;
  else if (result) what = `@PublishTo "${result.topic}" matches its own pattern, and a result`;
  else return undefined;
  const noLocal = protocolVersion === 5 && filter.group === undefined ? ', or nl: true' : '';
  return (
    `Handler ${handlerName(handler)} receives what it publishes: its ${what} is published again without end. ` +
    `Use a topic outside of the pattern${noLocal}.`
  );
}
