/**
 * What the broker makes of `$share/<group>/<filter>`: serves it (`true`), or refuses it in one of the four shapes
 * that brokers are known for:
 *
 * - `false`: the CONNACK says so, SUBACK 0x9E (0x80 on 3.1.1);
 * - `'refused'`: the CONNACK says nothing, SUBACK 0x9E (0x80 on 3.1.1);
 * - `'disconnect'`: the CONNACK says nothing, DISCONNECT 0x9E (3.1.1: the connection just ends);
 * - `'silent'`: granted, and nothing is ever delivered.
 */
export type SharedSubscriptionsMode = boolean | 'refused' | 'disconnect' | 'silent';

/**
 * What brokers do otherwise than the specification asks for, or than most brokers do. By default the in-process broker does nothing
 * of it; each can be had alone, and those of one broker together by `behavesLike`.
 */
export interface BrokerDeviations {
  /**
   * Whether the send quota stays taken after a refusing PUBREC (0x80 and above), until the session is resumed: after Receive Maximum
   * of them nothing is delivered any more. Section 4.9 gives it back. Default false.
   */
  keepsQuotaAfterRefusal?: boolean;
  /** Whether the connection ends over a PUBACK with a reason code of 0x80 and above (5.0). Default false. */
  hangsUpOverRefusals?: boolean;
  /**
   * Which Subscription Identifiers a copy of a message carries: those of the subscriptions that it is for (`'own'`, the default and
   * section 3.3.4); those of all plain subscriptions that match, on every copy (`'all'`); one of them (`'one'`).
   */
  copyIdentifiers?: 'own' | 'all' | 'one';
  /** Whether deliveries of Shared Subscriptions carry their Subscription Identifier. Default true. */
  sharedIdentifiers?: boolean;
  /** What becomes of `$share` on 3.1.1, which does not define it. Default: the same as on 5.0. */
  sharedSubscriptionsOn311?: SharedSubscriptionsMode;
  /**
   * Whether Shared Subscriptions that are asked for together with other filters, in one SUBSCRIBE, are granted and get nothing. HiveMQ
   * CE does so now and then, by a race; the in-process broker does it every time. Default false.
   */
  losesSharedInBatches?: boolean;
  /** Filters in one SUBSCRIBE; the connection ends over more. Default: any number. */
  maximumFiltersPerSubscribe?: number;
  /** Subscriptions of one session; further ones are refused (0x97). Default: any number. */
  maximumSubscriptions?: number;
  /** Levels of Topic Names and Topic Filters; those with more are refused as invalid (0x90, 0x8F). Default: any number. */
  maximumTopicLevels?: number;
  /** Bytes of Topic Names and Topic Filters; longer ones are refused as invalid (0x90, 0x8F). Default: 65,535. */
  maximumTopicBytes?: number;
  /** Whether the connection ends over a publish or a subscription that is refused, instead of an answer. Default false. */
  hangsUpOverForbidden?: boolean;
  /** Whether the connection ends over control characters and noncharacters in Topic Names and User Properties (section 1.5.4). Default false. */
  hangsUpOverDiscouragedCharacters?: boolean;
  /** Sessions that a user name may have, connected or not; a CONNECT for one more is refused (0x97). Default: any number. */
  sessionsPerUser?: number;
  /** Whether a client may leave its Client Identifier to the broker; if not, its CONNECT is refused (0x85). Default true. */
  assignsClientIds?: boolean;
  /** Longest Keep Alive in seconds: a client that asks for more, or for none, gets this one as Server Keep Alive (5.0). Default: any. */
  maximumKeepAlive?: number;
  /** Whether a client whose identifier is taken over is told so (DISCONNECT 0x8E, 5.0). Default true. */
  announcesTakeover?: boolean;
  /** Whether a new subscription with wildcards gets retained messages. Default true. */
  retainedForWildcards?: boolean;
  /** Whether a new Shared Subscription gets retained messages; section 4.8.2 rules it out. Default false. */
  retainedForShared?: boolean;
  /**
   * Whether the PUBACK of a message with User Properties is malformed (5.0): it repeats them, behind the reason code 0x01, which a
   * PUBACK does not know. Default false.
   */
  malformedPuback?: boolean;
}

export const NO_DEVIATIONS = {
  keepsQuotaAfterRefusal: false,
  hangsUpOverRefusals: false,
  copyIdentifiers: 'own',
  sharedIdentifiers: true,
  losesSharedInBatches: false,
  maximumFiltersPerSubscribe: Infinity,
  maximumSubscriptions: Infinity,
  maximumTopicLevels: Infinity,
  maximumTopicBytes: Infinity,
  hangsUpOverForbidden: false,
  hangsUpOverDiscouragedCharacters: false,
  sessionsPerUser: Infinity,
  assignsClientIds: true,
  maximumKeepAlive: Infinity,
  announcesTakeover: true,
  retainedForWildcards: true,
  retainedForShared: false,
  malformedPuback: false,
} as const satisfies Omit<Required<BrokerDeviations>, 'sharedSubscriptionsOn311'>;
