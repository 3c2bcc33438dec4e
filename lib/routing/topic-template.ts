import { InvalidTopicError } from '../errors/invalid-topic.error.js';

/** A named level of a topic: `{deviceId}` in `devices/{deviceId}/temperature`. */
export interface Capture {
  readonly name: string;
  /** Index of its level in the topic, from 0. */
  readonly level: number;
}

/** Throws an error with the given problem. */
export type Refuse = (problem: string) => never;

/** Values of a topic's named captures. */
export type TopicParams = Readonly<Record<string, string>>;

/** A parsed pattern: the Topic Filter to subscribe, and the captures. */
export interface TopicTemplate {
  readonly filter: string;
  readonly captures: readonly Capture[];
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * Parses `devices/{deviceId}/temperature` into the filter `devices/+/temperature` and a capture. A capture is a whole level; `{{` and
 * `}}` are literal braces.
 *
 * @param refuse called when a brace is neither part of a capture nor doubled, or a name is used twice; throws
 */
export function parseTopicTemplate(text: string, refuse: Refuse = refusalOf(text)): TopicTemplate {
  if (!text.includes('{') && !text.includes('}')) return { filter: text, captures: NONE };
  const captures: Capture[] = [];
  const levels = text.split('/').map((level, i) => {
    const name = captureName(level);
    if (name === undefined) return literalLevel(level, refuse);
    if (captures.some((capture) => capture.name === name)) {
      refuse(`it captures {${name}} twice. Give each capture another name`);
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

/** Why the braces of a level are neither those of a capture nor doubled. */
function problemOfBraces(level: string): string {
  const literal = 'a literal brace must be doubled: {{ or }}';
  if (level.includes('${')) return 'it has ${...} as it is written: use backticks to have JavaScript fill it in';
  if (/^\{[^{}]+\}$/.test(level))
    return `the name of a capture has letters, digits, _ and $ only, and does not begin with a digit, unlike ${level}; ${literal}`;
  return `a capture {name} must be a whole level, and ${literal}`;
}

function literalLevel(level: string, refuse: Refuse): string {
  let literal = '';
  for (let i = 0; i < level.length; i++) {
    const character = level[i]!;
    literal += character;
    if (character !== '{' && character !== '}') continue;
    if (level[i + 1] !== character) {
      refuse(problemOfBraces(level));
    }
    i++;
  }
  return literal;
}

/** Refuses `text` with an InvalidTopicError. @param where the place of the text, appended to the message */
export function refusalOf(text: string, where = ''): Refuse {
  return (problem) => {
    throw new InvalidTopicError(text, `${problem}${where}`);
  };
}
