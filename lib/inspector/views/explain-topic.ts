import { topicNameProblem } from '../../protocol/topic-name.js';
import type { InspectedHandler } from '../inspected-application.js';
import { excerpt } from './excerpt.js';
import { mismatchOf } from './mismatch.js';
import { hitsOf, type Hit } from './reached.js';
import type { Explanation, TopicAnswer } from './snapshot.js';

const MAX_SHOWN = 50;

/** Why a handler gets no messages at all; undefined if nothing prevents them. */
export type ObstacleOf = (handler: InspectedHandler) => string | undefined;

/** Explains for each handler why a topic reaches it or not: handlers that it reaches first, then the closest. */
export function explainTopic(
  topic: string,
  handlers: readonly InspectedHandler[],
  obstacleOf: ObstacleOf = () => undefined,
): TopicAnswer {
  const problem = topicNameProblem(topic);
  if (problem !== undefined)
    return { topic, problem: `Invalid Topic Name: ${problem}`, explanations: NONE, reached: 0 };
  const hits = hitsOf(topic, handlers);
  const hit = new Set(hits.map(({ handler }) => handler));
  const misses = handlers
    .filter((handler) => !hit.has(handler))
    .map((handler) => ({ handler, ...mismatchOf(topic, handler.filter) }))
    .toSorted((a, b) => b.level - a.level);
  const explained = hits.map((each) => explainHit(each, obstacleOf(each.handler)));
  const missed = misses.map(({ handler, why }) => explanation(handler, false, why));
  return {
    topic,
    problem: undefined,
    reached: explained.filter(({ reaches }) => reaches).length,
    explanations: { shown: [...explained, ...missed].slice(0, MAX_SHOWN), all: handlers.length },
  };
}

const NONE = { shown: [], all: 0 };

function explainHit({ handler, instead }: Hit, obstacle: string | undefined): Explanation {
  if (instead?.method === handler.method)
    return explanation(
      handler,
      false,
      `It matches, but so does ${JSON.stringify(excerpt(instead.template))} of the same method, which runs once per message.`,
    );
  if (instead)
    return explanation(
      handler,
      false,
      `It matches, but ${JSON.stringify(excerpt(instead.template))} is more specific, and only one handler answers a request.`,
    );
  if (obstacle !== undefined) return explanation(handler, false, `It matches, but ${obstacle}.`);
  const { topics, group, options } = handler;
  const matches = topics.hasWildcard ? 'The filter matches with wildcards.' : 'The filter equals the topic.';
  const shared =
    group === undefined
      ? ''
      : ` The broker gives each message to one member of the group "${group}", which may be another process.`;
  const local = options.nl ? ' Messages that this connection publishes are not delivered to it (No Local).' : '';
  return explanation(handler, true, `${matches}${shared}${local}`);
}

function explanation({ template, subscription, broker }: InspectedHandler, reaches: boolean, why: string): Explanation {
  return { handler: excerpt(template), subscription: excerpt(subscription), broker, reaches, why };
}
