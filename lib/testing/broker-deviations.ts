/**
 * How the broker handles `$share/<group>/<filter>`: supports it (`true`), or refuses it in one of four ways of real brokers:
 *
 * - `false`: announced in the CONNACK, SUBACK 0x9E (0x80 on 3.1.1);
 * - `'refused'`: not announced, SUBACK 0x9E (0x80 on 3.1.1);
 * - `'disconnect'`: not announced, DISCONNECT 0x9E (3.1.1: the connection is closed);
 * - `'silent'`: granted, but no message is delivered.
 */
export type SharedSubscriptionsMode = boolean | 'refused' | 'disconnect' | 'silent';

/**
 * Deviations of real brokers from the specification, or from most other brokers. By default the in-process broker has none of them. Each
 * can be set separately, and those of one broker together with `behavesLike`.
 */
export interface BrokerDeviations {
  /**
   * Whether the send quota is not restored after a PUBREC with an error (0x80 and above) until the session is resumed: after Receive
   * Maximum of them the broker stops delivering. Section 4.9 requires to restore it. Default false.
   */
  keepsQuotaAfterRefusal?: boolean;
  /** Whether the broker closes the connection after a PUBACK with an error (0x80 and above; 5.0). Default false. */
  hangsUpOverRefusals?: boolean;
  /**
   * The Subscription Identifiers of a copy of a message: those of its own subscriptions (`'own'`, the default and section 3.3.4); those of
   * all matching non-shared subscriptions, on every copy (`'all'`); one of them (`'one'`).
   */
  copyIdentifiers?: 'own' | 'all' | 'one';
  /** Whether messages of Shared Subscriptions have a Subscription Identifier. Default true. */
  sharedIdentifiers?: boolean;
  /** How `$share` is handled on 3.1.1, which does not define it. Default: as on 5.0. */
  sharedSubscriptionsOn311?: SharedSubscriptionsMode;
  /**
   * Whether Shared Subscriptions in a SUBSCRIBE with other filters are granted, but get no messages. HiveMQ CE does this sometimes, because
   * of a race; the in-process broker does it every time. Default false.
   */
  losesSharedInBatches?: boolean;
  /** Maximum number of filters in one SUBSCRIBE; with more, the connection is closed. Default: no limit. */
  maximumFiltersPerSubscribe?: number;
  /** Maximum number of subscriptions of one session; further ones are refused (0x97). Default: no limit. */
  maximumSubscriptions?: number;
  /** Maximum number of levels of Topic Names and Topic Filters; others are refused as invalid (0x90, 0x8F). Default: no limit. */
  maximumTopicLevels?: number;
  /** Maximum size of Topic Names and Topic Filters in bytes; longer ones are refused as invalid (0x90, 0x8F). Default: 65,535. */
  maximumTopicBytes?: number;
  /** Whether the connection is closed for a refused publish or subscription, instead of an answer. Default false. */
  hangsUpOverForbidden?: boolean;
  /** Whether the connection is closed for control characters and noncharacters in Topic Names and User Properties (section 1.5.4). Default false. */
  hangsUpOverDiscouragedCharacters?: boolean;
  /** Maximum number of sessions of a user name, connected or not; further ones are refused (0x97). Default: no limit. */
  sessionsPerUser?: number;
  /** Whether a client may connect without a Client Identifier; if not, it is refused (0x85). Default true. */
  assignsClientIds?: boolean;
  /** Maximum Keep Alive in seconds: a client with a longer one, or with none, gets this value as Server Keep Alive (5.0). Default: no limit. */
  maximumKeepAlive?: number;
  /** Whether a client whose session is taken over receives a DISCONNECT with 0x8E (5.0). Default true. */
  announcesTakeover?: boolean;
  /** Whether a new subscription with wildcards gets retained messages. Default true. */
  retainedForWildcards?: boolean;
  /** Whether a new Shared Subscription gets retained messages; section 4.8.2 forbids it. Default false. */
  retainedForShared?: boolean;
  /**
   * Whether the PUBACK of a message with User Properties is malformed (5.0): it contains them after the reason code 0x01, which is not
   * defined for a PUBACK. Default false.
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
