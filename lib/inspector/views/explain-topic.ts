import { topicNameProblem } from '../../protocol/topic-name.js';
import type { InspectedHandler } from '../inspected-application.js';
import { excerpt } from './excerpt.js';
import { mismatchOf } from './mismatch.js';
import { hitsOf, type Hit } from './reached.js';
import type { Explanation, TopicAnswer } from './snapshot.js';

const MAX_SHOWN = 50;

/** What keeps the messages of a handler from coming at all; undefined where nothing does. */
export type ObstacleOf = (handler: InspectedHandler) => string | undefined;

/** Why a topic reaches which handlers, and why it misses the others: those that it misses by the least come first. */
export function explainTopic(
  topic: string,
  handlers: readonly InspectedHandler[],
  obstacleOf: ObstacleOf = () => undefined,
): TopicAnswer {
  const problem = topicNameProblem(topic);
  if (problem !== undefined)
    return { topic, problem: `It is no Topic Name: ${problem}`, explanations: NONE, reached: 0 };
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
      `It matches, but so does ${JSON.stringify(excerpt(instead.template))} of the same method, which runs once.`,
    );
  if (instead)
    return explanation(
      handler,
      false,
      `It matches, but ${JSON.stringify(excerpt(instead.template))} is more specific, and one handler answers a request.`,
    );
  if (obstacle !== undefined) return explanation(handler, false, `It matches, but ${obstacle}.`);
  const { topics, group, options } = handler;
  const matches = topics.hasWildcard ? 'Its filter matches, wildcards included.' : 'Its filter is this very topic.';
  const shared =
    group === undefined
      ? ''
      : ` The broker gives each message to one member of the group "${group}", which may be another process.`;
  const local = options.nl ? ' What this very connection publishes is left out (No Local).' : '';
  return explanation(handler, true, `${matches}${shared}${local}`);
}

function explanation({ template, subscription, broker }: InspectedHandler, reaches: boolean, why: string): Explanation {
  return { handler: excerpt(template), subscription: excerpt(subscription), broker, reaches, why };
}
