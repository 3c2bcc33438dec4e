import { InvalidTopicError } from '../errors/invalid-topic.error.js';

/** A named part of a topic: `{deviceId}` in `devices/{deviceId}/temperature`. */
export interface Capture {
  readonly name: string;
  /** Level of the topic that it stands for, from 0. */
  readonly level: number;
}

/** Says what is wrong with a text. */
export type Refuse = (problem: string) => never;

/** Values of a topic's named captures. */
export type TopicParams = Readonly<Record<string, string>>;

/** A pattern taken apart: the Topic Filter that is subscribed, and what is captured from Topic Names. */
export interface TopicTemplate {
  readonly filter: string;
  readonly captures: readonly Capture[];
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * Reads `devices/{deviceId}/temperature` as the filter `devices/+/temperature` and a capture. A capture fills a whole level;
 * `{{` and `}}` are literal braces.
 *
 * @param refuse throws when a brace is neither part of a capture nor doubled, or a name is given twice
 */
export function parseTopicTemplate(text: string, refuse: Refuse = refusalOf(text)): TopicTemplate {
  if (!text.includes('{') && !text.includes('}')) return { filter: text, captures: NONE };
  const captures: Capture[] = [];
  const levels = text.split('/').map((level, i) => {
    const name = captureName(level);
    if (name === undefined) return literalLevel(level, refuse);
    if (captures.some((capture) => capture.name === name)) {
      refuse(`it captures {${name}} twice. Give each capture a name of its own`);
    }
    captures.push({ name, level: i });
    return '+';
  });
  return { filter: levels.join('/'), captures };
}

/** The first level that would be a capture in a pattern, where topics have none; undefined when there is none. */
export function captureIn(topic: string): string | undefined {
  if (!topic.includes('{')) return undefined;
  return topic.split('/').find((level) => captureName(level) !== undefined);
}

const CAPTURE_NAME = /^[A-Za-z_$][\w$]*$/;

function captureName(level: string): string | undefined {
  if (!level.startsWith('{') || !level.endsWith('}')) return undefined;
  const name = level.slice(1, -1);
  return CAPTURE_NAME.test(name) ? name : undefined;
}

function literalLevel(level: string, refuse: Refuse): string {
  let literal = '';
  for (let i = 0; i < level.length; i++) {
    const character = level[i]!;
    literal += character;
    if (character !== '{' && character !== '}') continue;
    if (level[i + 1] !== character) {
      refuse('a capture {name} must fill a whole level, and a literal brace must be doubled: {{ or }}');
    }
    i++;
  }
  return literal;
}

/** Refuses `text` with an InvalidTopicError. @param where it is from, as the end of a sentence */
export function refusalOf(text: string, where = ''): Refuse {
  return (problem) => {
    throw new InvalidTopicError(text, `${problem}${where}`);
  };
}
