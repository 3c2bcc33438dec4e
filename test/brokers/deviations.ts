/** What a broker is known not to do: a run fails when it is otherwise, also when it has come to do it. */
export interface Deviation {
  /** Names of checks. */
  readonly checks: readonly string[];
  /** Versions of the protocol on which it is so. Default: both. */
  readonly versions?: readonly (4 | 5)[];
  /** What the transport's error, or the check, says. */
  readonly said: RegExp;
  /** Whether it depends on the moment, so that the checks may pass too. */
  readonly sometimes?: true;
  /** For the document: what the broker does. */
  readonly does: string;
  /** For the document: what the transport does about it, or what its user can. */
  readonly remedy: string;
}

const QOS2_CHECKS = ['policies-qos2', 'reject-qos2', 'redelivery-qos2', 'burst-qos2', 'burst-mixed', 'window-qos2'];
const GROUP_CHECKS = ['shared-group', 'shared-requests'];

const SILENT_GROUPS: Deviation = {
  checks: GROUP_CHECKS,
  versions: [4],
  said: /grants \$share and delivers nothing/,
  does: 'grants Shared Subscriptions on 3.1.1, and delivers nothing to them',
  remedy: 'nothing on the wire tells: do not use `shared` there',
};

const NO_GROUPS: Deviation = {
  checks: [...GROUP_CHECKS, 'overlap-shared'],
  versions: [5],
  said: /0x9e/,
  does: 'has no Shared Subscriptions on 5.0 (0x9E)',
  remedy: '`listen()` rejects with `SubscriptionRefusedError`',
};

const SAYS_NOTHING_OF_SUBSCRIBERS: Deviation = {
  checks: ['unserved-request'],
  said: /does not tell/,
  does: 'does not tell that nobody is subscribed (0x10)',
  remedy: 'the request ends by its `requestTimeout`',
};

const NO_DUP: Deviation = {
  checks: ['redelivery-dup'],
  said: /does not set DUP/,
  does: 'does not mark redelivered messages (DUP)',
  remedy: 'they come again all the same; do not build on `context.dup`',
};

const STOPS = /stops delivering/;

/** By the name of the broker. */
export const DEVIATIONS: Readonly<Record<string, readonly Deviation[]>> = {
  mosquitto: [],
  hivemq: [],
  artemis: [
    SAYS_NOTHING_OF_SUBSCRIBERS,
    NO_DUP,
    {
      checks: ['overlap-shared'],
      versions: [5],
      said: /without correct Subscription Identifiers/,
      does: 'sends shared messages without Subscription Identifier, and every copy of overlapping subscriptions with all of them',
      remedy:
        'copies are counted instead; a group beside a plain subscription of the same topics is refused at start, for nothing tells whose message it is',
    },
    {
      checks: ['window-qos2'],
      versions: [5],
      said: STOPS,
      does: 'stops delivering QoS 2 when the Receive Maximum of a client has been full',
      remedy: 'subscribe at QoS 1, or leave room: a large `maxConcurrency`, and `maxWorkers` for what runs at once',
    },
    {
      checks: ['burst-qos2', 'burst-mixed', 'policies-qos2'],
      versions: [5],
      said: STOPS,
      sometimes: true,
      does: 'does so with the default window of 256 too, in bursts of more messages than that',
      remedy: 'as above',
    },
  ],
  rabbitmq: [
    {
      checks: ['events-qos2', ...QOS2_CHECKS],
      versions: [5],
      said: /0x9b/,
      does: 'has no QoS 2 on 5.0 (Maximum QoS 1)',
      remedy: 'publishing rejects with `PublishRefusedError`; subscriptions are granted at QoS 1',
    },
    {
      checks: ['events-qos2'],
      versions: [4],
      said: /delivers at QoS 1/,
      does: 'takes QoS 2 for QoS 1 on 3.1.1, and answers it with PUBACK',
      remedy: 'publishing resolves at the PUBACK, and the log says once that the QoS is lower',
    },
    NO_GROUPS,
    SILENT_GROUPS,
    {
      checks: ['retained-wildcard'],
      said: /does not send the retained message/,
      does: 'sends retained messages to subscriptions without wildcards alone',
      remedy: 'subscribe to such topics by name',
    },
  ],
  mochi: [
    {
      checks: ['properties'],
      versions: [5],
      said: /closed the connection because of it, twice/,
      does: 'answers messages with User Properties with a malformed PUBACK',
      remedy: 'after the second one publishing rejects with `PublishRefusedError`; use QoS 0, or no User Properties',
    },
    SAYS_NOTHING_OF_SUBSCRIBERS,
    {
      checks: ['session-resume'],
      versions: [5],
      said: /0x91/,
      does: 'takes the SUBSCRIBE of a resumed session for one of its own packets when messages wait in it (0x91)',
      remedy: '`listen()` rejects with `SubscriptionRefusedError`; keep messages elsewhere',
    },
    {
      checks: ['window-qos1'],
      versions: [5],
      said: STOPS,
      does: 'stops delivering when a small Receive Maximum has been full',
      remedy: 'leave room: a large `maxConcurrency`, and `maxWorkers` for what runs at once',
    },
  ],
  aedes: [
    NO_GROUPS,
    SILENT_GROUPS,
    SAYS_NOTHING_OF_SUBSCRIBERS,
    NO_DUP,
    {
      checks: ['packets'],
      versions: [5],
      said: /too large/,
      does: "ignores the client's Maximum Packet Size",
      remedy: 'the connection is ended with 0x95, and made again',
    },
  ],
};
