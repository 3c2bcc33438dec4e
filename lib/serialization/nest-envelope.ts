/** Suffix of the reply topics of Nest's built-in MQTT transport. */
const NEST_REPLY_SUFFIX = '/reply';

/** A message in the wire format of Nest's built-in MQTT transport. */
export interface NestEnvelope {
  readonly data: unknown;
  /** Id of a request; its replies have the same id. */
  readonly id: string | undefined;
  /** Metadata added by the caller's dispatch hooks (Nest 12), such as a trace context. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

export function nestReplyTopic(topic: string): string {
  return `${topic}${NEST_REPLY_SUFFIX}`;
}

/**
 * Recognises Nest's envelope in a decoded payload: an object whose normalised `pattern` equals the topic of the message, and which has
 * `data` or an `id`. Everything else is a plain payload, also `{ "id", "data" }` or `{ "pattern", "level" }` of a device.
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

/** The metadata comes from the network: only strings are passed on. */
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
    return undefined; // a pattern from the network may be nested more deeply than the stack allows
  }
}

/** Whether a decoded payload is a reply in Nest's envelope. */
export function isNestReply(value: unknown, topic: string): boolean {
  if (!topic.endsWith(NEST_REPLY_SUFFIX) || typeof value !== 'object' || value === null) return false;
  return 'id' in value && typeof value.id === 'string' && ('isDisposed' in value || 'response' in value);
}
