import { TopicFilter } from '../../protocol/topic-filter.js';
import { topicNameProblem } from '../../protocol/topic-name.js';
import { compareSpecificity } from '../../routing/specificity.js';
import type { InspectedHandler } from '../inspected-application.js';
import { excerpt } from './excerpt.js';
import type { Explanation, TopicAnswer } from './snapshot.js';

const MAX_SHOWN = 50;

interface Candidate {
  readonly handler: InspectedHandler;
  readonly filter: TopicFilter;
  /** Levels of the topic that fit, from the first on; undefined where it matches. */
  readonly mismatch: { readonly level: number; readonly why: string } | undefined;
}

/** Why a topic reaches which handlers, and why it misses the others: those that it misses by the least come first. */
export function explainTopic(topic: string, handlers: readonly InspectedHandler[]): TopicAnswer {
  const problem = topicNameProblem(topic);
  if (problem !== undefined)
    return { topic, problem: `It is no Topic Name: ${problem}`, explanations: { shown: [], all: 0 } };
  const candidates = handlers.map((handler) => candidateOf(topic, handler));
  const hits = candidates
    .filter(({ mismatch }) => mismatch === undefined)
    .toSorted((a, b) => compareSpecificity(a.filter, b.filter));
  const misses = candidates
    .filter(({ mismatch }) => mismatch !== undefined)
    .toSorted((a, b) => b.mismatch!.level - a.mismatch!.level);
  const answering = new Set<string | undefined>();
  const explained = hits.map((candidate) => explainHit(candidate, answering));
  return {
    topic,
    problem: undefined,
    explanations: { shown: [...explained, ...misses.map(explainMiss)].slice(0, MAX_SHOWN), all: candidates.length },
  };
}

function candidateOf(topic: string, handler: InspectedHandler): Candidate {
  const filter = TopicFilter.parse(handler.filter);
  return { handler, filter, mismatch: filter.matches(topic) ? undefined : mismatchOf(topic, filter) };
}

/** Of the handlers of requests only the one with the most specific filter answers. */
function explainHit({ handler, filter }: Candidate, answering: Set<string | undefined>): Explanation {
  if (handler.kind === 'request') {
    if (answering.has(handler.broker))
      return explanation(
        handler,
        false,
        'It matches, but a handler of requests with a more specific filter answers instead.',
      );
    answering.add(handler.broker);
  }
  const wildcards = filter.hasWildcard ? 'Its filter matches, wildcards included.' : 'Its filter is this very topic.';
  const group =
    handler.group === undefined
      ? ''
      : ` The broker gives each message to one member of the group "${handler.group}", which may be another process.`;
  const local = handler.options.nl ? ' What this very connection publishes is left out (No Local).' : '';
  return explanation(handler, true, `${wildcards}${group}${local}`);
}

function explainMiss({ handler, mismatch }: Candidate): Explanation {
  return explanation(handler, false, mismatch!.why);
}

function explanation({ template, subscription, broker }: InspectedHandler, reaches: boolean, why: string): Explanation {
  return { handler: excerpt(template), subscription: excerpt(subscription), broker, reaches, why };
}

function mismatchOf(topic: string, { filter }: TopicFilter): NonNullable<Candidate['mismatch']> {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  if (topic.startsWith('$') && /^[+#]/.test(filter))
    return { level: 0, why: 'A wildcard in the first level matches no topic that begins with $ [MQTT-4.7.2-1].' };
  for (let level = 0; level < Math.max(levels.length, wanted.length); level++) {
    const given = levels[level];
    const want = wanted[level];
    if (want === '#') break;
    if (want === '+' && given !== undefined) continue;
    if (given !== want) return { level, why: reasonOf(level, given, want, levels.length, wanted.length) };
  }
  return { level: wanted.length, why: 'It does not match.' };
}

function reasonOf(
  level: number,
  given: string | undefined,
  want: string | undefined,
  has: number,
  wants: number,
): string {
  const place = `Level ${level + 1}`;
  if (given === undefined) return `The topic ends after ${has} levels; the filter has ${wants}.`;
  if (want === undefined) return `The topic has ${has} levels; the filter ends after ${wants}.`;
  const are = `${place} is ${JSON.stringify(excerpt(given, 60))}, and the filter wants ${JSON.stringify(excerpt(want, 60))}`;
  if (given === '')
    return `${are}: the topic has ${level === 0 ? 'a slash at its beginning, which makes' : 'two slashes in a row, or one at its end, which make'} an empty level.`;
  if (given.toLowerCase() === want.toLowerCase()) return `${are}: upper and lower case differ.`;
  if (given.trim() === want.trim()) return `${are}: there are spaces around it.`;
  return `${are}.`;
}
