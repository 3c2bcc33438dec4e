/** How a server or a client stands with its broker. */
export interface MqttHealth {
  /** Where it connects to, without credentials. */
  readonly broker: string;
  readonly clientId: string;
  readonly connected: boolean;
  /** Topic Filters that are wanted, and those of them that the broker has granted in the present session. */
  readonly subscriptions: { readonly wanted: number; readonly granted: number };
  /** QoS 1 and 2 messages that have come in and that nothing has been decided about. */
  readonly unsettled: number;
  /** Milliseconds that the oldest of them has waited; undefined when there is none. */
  readonly oldestUnsettled: number | undefined;
  /** Messages whose acknowledgement is withheld: the broker keeps them until the session is resumed. */
  readonly withheld?: number;
  /**
   * QoS 1 and 2 messages that the broker may have under way to this client at once (Receive Maximum, 5.0), and those that it has.
   * Withheld messages count until the session is resumed: when they fill the window, nothing is delivered any more.
   */
  readonly window?: { readonly size: number; readonly used: number } | undefined;
  /** What ended or prevented the latest connection; undefined while there is one. */
  readonly lastError: string | undefined;
}

/** The health of a server or a client, with what it is doing at the moment. */
export interface MqttFigures extends MqttHealth {
  /** Messages whose handlers run, or whose reply or dead letter is under way; 0 on a client. */
  readonly running: number;
  /** Messages that wait for a worker; 0 on a client. */
  readonly waiting: number;
  /** Requests that have not ended; 0 on a server. */
  readonly pendingRequests: number;
  /** Messages that wait to be sent: for a connection, for room in the broker's window, or for a broker that does not read. */
  readonly queued: number;
  /** QoS 1 and 2 messages that are sent and not acknowledged yet. */
  readonly inFlight: number;
}
