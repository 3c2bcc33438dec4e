import { randomBytes } from 'node:crypto';
import { topicLevel } from '../../protocol/topic-name.js';
import type { InternalTopics } from '../handling/message-receiver.js';

interface ProbeParts {
  readonly clientId: string;
  readonly internal: InternalTopics;
  readonly subscribe: (filters: readonly string[]) => Promise<void>;
  readonly unsubscribe: (filters: readonly string[]) => Promise<void>;
  readonly publish: (topic: string) => Promise<unknown>;
}

/** What the broker is given to bring back two messages. */
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Finds out whether the broker sends one copy of a message for each matching subscription, or one in all (section 3.3.4): either is
 * allowed, and on 3.1.1 nothing on a copy tells. Two overlapping subscriptions to topics of this process alone, and a message.
 *
 * @returns undefined when it cannot be found out
 */
export async function sendsCopyPerSubscription({
  clientId,
  internal,
  subscribe,
  unsubscribe,
  publish,
}: ProbeParts): Promise<boolean | undefined> {
  const base = `probe/${topicLevel(clientId)}/${randomBytes(8).toString('hex')}`;
  const counted = `${base}/counted`;
  const last = `${base}/last`;
  const filters = [counted, `${base}/+`];
  let copies = 0;
  let timer: NodeJS.Timeout | undefined;
  const answered = new Promise<boolean>((resolve) => {
    internal.set(counted, () => copies++);
    internal.set(last, () => resolve(true));
    timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
  });
  try {
    await subscribe(filters);
    await Promise.all([publish(counted), publish(last)]);
    return (await answered) && copies > 0 ? copies > 1 : undefined;
  } catch {
    return undefined; // not permitted here
  } finally {
    clearTimeout(timer);
    internal.delete(counted);
    internal.delete(last);
    await unsubscribe(filters).catch(() => {});
  }
}
