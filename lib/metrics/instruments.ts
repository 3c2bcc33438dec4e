import { Histogram } from 'prom-client';
import type { ResolvedMetricsOptions } from './metrics-options.js';
import { Tally } from './tally.js';

/**
 * Counters and histograms. Every label has few values: `broker` is the option `name` of the connection, `handler` and `topic` are
 * patterns as they are declared, and the others are outcomes, kinds and reasons of a fixed list.
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
    received: tally('messages_received_total', 'Messages that came for a handler', ['broker', 'handler']),
    handled: tally('messages_handled_total', 'Messages by how the last run of their handler ended', [
      'broker',
      'handler',
      'outcome',
    ]),
    handlingDuration: histogram(
      'message_handling_duration_seconds',
      'From when a message has a worker to the end of the last run of its handler: retries and their delays included',
      ['broker', 'handler'],
    ),
    retries: tally('message_retries_total', 'Runs of a handler after a failed one', ['broker', 'handler']),
    settled: tally('messages_settled_total', 'Messages by what was decided about them', [
      'broker',
      'handler',
      'outcome',
    ]),
    deadLetters: tally('dead_letters_total', 'Dead letters by whether the broker has accepted them', [
      'broker',
      'handler',
      'outcome',
    ]),
    dropped: tally('messages_dropped_total', 'Messages and replies that went no further', [
      'broker',
      'handler',
      'reason',
    ]),
    lateReplies: tally('late_replies_total', 'Replies that no request waits for', ['broker']),
    published: tally('messages_published_total', 'Messages that were published, by how that ended', [
      'broker',
      'topic',
      'kind',
      'outcome',
    ]),
    publishDuration: histogram(
      'publish_duration_seconds',
      'From publish to its end: written (QoS 0), PUBACK (QoS 1), PUBCOMP (QoS 2), or a failure',
      ['broker', 'topic', 'kind'],
    ),
    requests: tally('requests_total', 'Requests of a client, by how they ended', ['broker', 'topic', 'outcome']),
    requestDuration: histogram('request_duration_seconds', 'From a request to its end', ['broker', 'topic']),
    reconnects: tally('reconnects_total', 'Connections after the first', ['broker', 'role']),
    sessionsLost: tally('sessions_lost_total', 'Sessions that the broker does not know any more', ['broker', 'role']),
  };
}

export type Instruments = ReturnType<typeof instruments>;
