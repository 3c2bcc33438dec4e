/** State of the connection of a server or a client. */
export interface MqttHealth {
  /** URL of the broker, without credentials. */
  readonly broker: string;
  readonly clientId: string;
  readonly connected: boolean;
  /** Number of requested Topic Filters, and of those that the broker has granted in the present session. */
  readonly subscriptions: { readonly wanted: number; readonly granted: number };
  /** Number of received QoS 1 and 2 messages that are not settled. */
  readonly unsettled: number;
  /** Age of the oldest unsettled message in milliseconds; undefined when there is none. */
  readonly oldestUnsettled: number | undefined;
  /** Number of messages whose acknowledgement is withheld: the broker keeps them until the session is resumed. */
  readonly withheld?: number;
  /**
   * Maximum number of unacknowledged QoS 1 and 2 messages that the broker may send (Receive Maximum, 5.0), and their present number.
   * Withheld messages count until the session is resumed: when they fill the window, the broker stops delivering.
   */
  readonly window?: { readonly size: number; readonly used: number } | undefined;
  /** Error of the latest connection or attempt; undefined while connected. */
  readonly lastError: string | undefined;
}

/** The health of a server or a client, and its present load. */
export interface MqttFigures extends MqttHealth {
  /** Number of messages whose handlers run, or whose reply or dead letter is being sent; 0 on a client. */
  readonly running: number;
  /** Number of messages that wait for a worker; 0 on a client. */
  readonly waiting: number;
  /** Number of pending requests; 0 on a server. */
  readonly pendingRequests: number;
  /** Number of messages that wait to be sent: for a connection, for the broker's Receive Maximum, or for the socket to drain. */
  readonly queued: number;
  /** Number of QoS 1 and 2 messages that are sent and not acknowledged yet. */
  readonly inFlight: number;
}
