import { Histogram } from 'prom-client';
import type { ResolvedMetricsOptions } from './metrics-options.js';
import { Tally } from './tally.js';

/**
 * Counters and histograms. All labels have low cardinality: `broker` is the option `name` of the connection, `handler` and `topic` are
 * declared patterns, and the others are outcomes, kinds and reasons from a fixed list.
 */
export function instruments({ registry, prefix, buckets }: ResolvedMetricsOptions) {
  const tally = <Label extends string>(name: string, help: string, labels: readonly Label[]): Tally<Label> =>
    new Tally(registry, `${prefix}${name}`, help, labels);
  const histogram = <Label extends string>(name: string, help: string, labels: readonly Label[]): Histogram<Label> =>
    new Histogram({
      name: `${prefix}${name}`,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [registry],
    });
  return {
    received: tally('messages_received_total', 'Messages received for a handler', ['broker', 'handler']),
    handled: tally('messages_handled_total', 'Messages by how the last run of their handler ended', [
      'broker',
      'handler',
      'outcome',
    ]),
    handlingDuration: histogram(
      'message_handling_duration_seconds',
      'Time from the assignment of a worker to the end of the last run of the handler, including retries and their delays',
      ['broker', 'handler'],
    ),
    retries: tally('message_retries_total', 'Retries of handlers', ['broker', 'handler']),
    settled: tally('messages_settled_total', 'Messages by the decision of their handler', [
      'broker',
      'handler',
      'outcome',
    ]),
    deadLetters: tally('dead_letters_total', 'Dead letters by the result of their publication', [
      'broker',
      'handler',
      'outcome',
    ]),
    dropped: tally('messages_dropped_total', 'Messages and replies that were dropped', ['broker', 'handler', 'reason']),
    lateReplies: tally('late_replies_total', 'Replies to no pending request', ['broker']),
    published: tally('messages_published_total', 'Published messages by result', [
      'broker',
      'topic',
      'kind',
      'outcome',
    ]),
    publishDuration: histogram(
      'publish_duration_seconds',
      'Time from publish to its result: written (QoS 0), PUBACK (QoS 1), PUBCOMP (QoS 2), or failure',
      ['broker', 'topic', 'kind'],
    ),
    requests: tally('requests_total', 'Requests of a client by result', ['broker', 'topic', 'outcome']),
    requestDuration: histogram('request_duration_seconds', 'Time from a request to its result', ['broker', 'topic']),
    reconnects: tally('reconnects_total', 'Reconnects', ['broker', 'role']),
    sessionsLost: tally('sessions_lost_total', 'Sessions that the broker has lost', ['broker', 'role']),
  };
}

export type Instruments = ReturnType<typeof instruments>;
