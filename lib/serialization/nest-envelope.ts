/** Suffix of the topic that Nest's built-in MQTT transport replies on. */
const NEST_REPLY_SUFFIX = '/reply';

/** A message in the wire format of Nest's built-in MQTT transport. */
export interface NestEnvelope {
  readonly data: unknown;
  /** Set on requests; replies carry it back. */
  readonly id: string | undefined;
  /** What Nest 12's dispatch hooks of the caller have added, a trace context for example. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

export function nestReplyTopic(topic: string): string {
  return `${topic}${NEST_REPLY_SUFFIX}`;
}

/**
 * Takes a decoded payload for Nest's envelope only if it says so itself: an object whose `pattern`, normalised, is the topic
 * that it came on, and which has `data` or an `id`. Anything else, a device's `{ "id", "data" }` or `{ "pattern", "level" }` too,
 * is a plain payload.
 */
export function readNestEnvelope(
  value: unknown,
  topic: string,
  normalizePattern: (pattern: object) => string,
): NestEnvelope | undefined {
  if (typeof value !== 'object' || value === null || !('pattern' in value)) return undefined;
  if (!('data' in value) && !('id' in value)) return undefined;
  const { pattern, data, id, metadata } = value as Record<'pattern' | 'data' | 'id' | 'metadata', unknown>;
  if (normalize(pattern, normalizePattern) !== topic) return undefined;
  return { data, id: typeof id === 'string' ? id : undefined, metadata: metadataOf(metadata) };
}

/** Anybody can send anything: only texts are handed on. */
function metadataOf(metadata: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >;
}

function normalize(pattern: unknown, normalizePattern: (pattern: object) => string): string | undefined {
  if (typeof pattern !== 'object' || pattern === null) return String(pattern);
  try {
    return normalizePattern(pattern);
  } catch {
    return undefined; // anybody can send a pattern that is nested deeper than the stack
  }
}

/** Whether a decoded payload is a reply in Nest's envelope. */
export function isNestReply(value: unknown, topic: string): boolean {
  if (!topic.endsWith(NEST_REPLY_SUFFIX) || typeof value !== 'object' || value === null) return false;
  return 'id' in value && typeof value.id === 'string' && ('isDisposed' in value || 'response' in value);
}
