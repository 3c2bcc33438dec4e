/** What goes wrong, and what becomes of it, as docs/guide/sessions-and-reconnecting.md promises it. Each row is a test; see `describeFaults`. */
export interface Fault {
  readonly fault: string;
  readonly outcome: string;
  /** Protocol version, where the other one does not have it. Default: both. */
  readonly only?: 4 | 5;
}

export interface FaultGroup {
  readonly title: string;
  readonly faults: Readonly<Record<string, Fault>>;
}

export const STARTING = {
  title: 'While the first connection is made',
  faults: {
    nobodyListens: {
      fault: 'No broker listens',
      outcome: 'retries, with growing delays; `ConnectionRefusedError` when `maxConnectionAttempts` are exhausted',
    },
    refusedForNow: {
      fault: 'CONNACK 0x88, 0x89, 0x97 or 0x9F: unavailable, busy, quota, rate (3.1.1: return code 3)',
      outcome: 'retries',
    },
    refusedForGood: {
      fault: 'CONNACK with any other refusal: credentials, permission, identifier, version, ban',
      outcome: '`ConnectionRefusedError` with the reason code, at once',
    },
    credentialsThrow: {
      fault: '`credentials()` throws',
      outcome: 'retries, and calls it again; the error is logged',
    },
    credentialsHang: {
      fault: '`credentials()` does not settle within `connectTimeout`',
      outcome: 'is a failed attempt: retries, and calls it again',
    },
    noConnack: {
      fault: 'The host accepts the connection and does not answer',
      outcome: 'retries after `connectTimeout`',
    },
    oneOfSeveral: { fault: 'One of `servers` cannot be reached, or does not answer', outcome: 'uses the next' },
    subscriptionRefused: {
      fault: 'A subscription is refused (SUBACK 0x80 or above)',
      outcome: '`listen()` rejects with `SubscriptionRefusedError`, which names every refused filter',
    },
    sharedAnnounced: {
      fault: 'CONNACK: Shared Subscriptions not available',
      outcome: '`listen()` rejects with `SubscriptionRefusedError`; they are not sent',
      only: 5,
    },
    sharedRefused: {
      fault: '`$share` refused by SUBACK 0x9E (3.1.1: 0x80)',
      outcome: '`listen()` rejects with `SubscriptionRefusedError`',
    },
    sharedDisconnects: {
      fault: '`$share` refused by DISCONNECT 0x9E',
      outcome: '`listen()` rejects with `SubscriptionRefusedError`',
      only: 5,
    },
    sharedCuts: {
      fault: '`$share` answered by closing the connection (3.1.1)',
      outcome: '`listen()` rejects with `SubscriptionRefusedError` when the connection has ended twice over a filter',
      only: 4,
    },
    sharedSilent: {
      fault: '`$share` granted, and never served',
      outcome: '`listen()` resolves: this cannot be detected',
    },
    noSuback: {
      fault: 'A SUBSCRIBE is not answered',
      outcome: '`listen()` rejects with `ConnectionClosedError` after 5 attempts of `connectTimeout` each',
    },
    elsewhereFollowed: {
      fault: 'CONNACK 0x9C or 0x9D with a Server Reference, `followServerReference: true`',
      outcome: 'connects there',
      only: 5,
    },
    elsewhereRefused: {
      fault: 'CONNACK 0x9C or 0x9D with a Server Reference, otherwise',
      outcome: '`ConnectionRefusedError` with the reason code, at once',
      only: 5,
    },
  },
} as const satisfies FaultGroup;

export const CONNECTED = {
  title: 'While it is connected',
  faults: {
    cut: {
      fault: 'The network connection breaks',
      outcome: 'connects and subscribes again; one line in the log, and none for further attempts',
    },
    disconnected: {
      fault: 'DISCONNECT from the broker: shutting down (0x8B), administrative action (0x98), ...',
      outcome: 'connects again; the log names the reason',
      only: 5,
    },
    refusedLater: {
      fault: 'Refused permanently after it had been connected',
      outcome:
        'retries 10 times, because credentials may be changing; then closed: status `closed`, an error in the log',
    },
    credentialsRotated: {
      fault: 'Credentials are changed on the broker, which ends the connection',
      outcome: '`credentials()` is called, and the new ones are used',
    },
    takenOver: {
      fault: 'Another client with the same Client Identifier connects (DISCONNECT 0x8E)',
      outcome: 'closed, with an error that names the Client Identifier; does not connect again',
      only: 5,
    },
    halfOpen: {
      fault: 'Half-open connection: no bytes arrive, and the connection is not closed',
      outcome: 'noticed within 1.5 times `keepalive`; connects again',
    },
    slow: { fault: 'The network is slow', outcome: 'everything arrives, in order, later' },
    malformed: { fault: 'Bytes that are not MQTT', outcome: 'the connection is closed, and made again' },
    sessionEnded: {
      fault: 'The broker has lost the session',
      outcome: 'subscribed again, inbox restored, sent requests end with `maybeExecuted`, event `sessionLost`',
    },
    refusedAgain: {
      fault: 'A subscription is refused when it is made again',
      outcome: 'an error in the log, `granted` below `wanted` in the health; the next session retries',
    },
    noSubackLater: {
      fault: 'A SUBSCRIBE is not answered when it is made again',
      outcome: 'connects again after `connectTimeout`, and subscribes; messages wait meanwhile',
    },
    moved: {
      fault: 'DISCONNECT 0x9C or 0x9D with a Server Reference',
      outcome: 'with `followServerReference` connects there, else connects again where it was',
      only: 5,
    },
  },
} as const satisfies FaultGroup;

export const MESSAGES = {
  title: 'Messages on their way out',
  faults: {
    quota: {
      fault: 'PUBACK or PUBREC 0x97: quota exceeded, disk full',
      outcome: '`PublishRefusedError` with the reason code; the connection stays',
      only: 5,
    },
    notAuthorized: {
      fault: 'PUBACK or PUBREC 0x87: not authorized',
      outcome: '`PublishRefusedError` with the reason code; the connection stays',
      only: 5,
    },
    tooLarge: {
      fault: 'Larger than the Maximum Packet Size of the CONNACK, properties counted',
      outcome: '`PublishRefusedError` (0x95); nothing is sent',
      only: 5,
    },
    tooLargeForBroker: {
      fault: 'DISCONNECT 0x95: a packet was too large, without a Maximum Packet Size in the CONNACK',
      outcome: '`PublishRefusedError` (0x95) for the largest unacknowledged message; the others are sent again',
      only: 5,
    },
    qosNotSupported: {
      fault: 'QoS above Maximum QoS, or retain where it is not available',
      outcome: '`PublishRefusedError` (0x9B, 0x9A); nothing is sent, not even messages that waited for the connection',
      only: 5,
    },
    pubackLost: {
      fault: 'The connection breaks before the acknowledgement',
      outcome: 'sent again (DUP) on the next connection; the promise settles then',
    },
    queueFull: {
      fault: 'No connection, and `maxQueuedMessages` wait already',
      outcome: '`BackpressureError`, at once',
    },
    offline: { fault: "No connection, `offline: 'fail'`", outcome: '`ConnectionClosedError`, at once' },
  },
} as const satisfies FaultGroup;

export const RESTARTS = {
  title: 'The broker dies and comes back',
  faults: {
    midPublish: {
      fault: 'Killed while QoS 1 messages are not acknowledged',
      outcome: 'each is sent again until it is acknowledged; none is lost, some may arrive twice',
    },
    midRequest: {
      fault: 'Killed while a request is pending',
      outcome:
        '`ConnectionClosedError` with `maybeExecuted: true` as soon as the broker is back; the next request is answered',
    },
    midStream: {
      fault: 'Killed in mid-stream',
      outcome: 'the values so far, then `ConnectionClosedError` with `maybeExecuted: true`',
    },
    withPersistence: {
      fault: 'Restarted with its sessions',
      outcome: 'session resumed: nothing is subscribed again, and queued messages are delivered',
    },
    withoutPersistence: { fault: 'Restarted without its sessions', outcome: 'subscribed again, event `sessionLost`' },
    silentTakeover: {
      fault: 'Another client has the same Client Identifier, and the broker does not report it (Mosquitto)',
      outcome:
        'a warning after 3 connections that were lost within a second; closed after 20, with an error that names the Client Identifier',
    },
  },
} as const satisfies FaultGroup;

export const CERTIFICATES = {
  title: 'TLS',
  faults: {
    unknownAuthority: {
      fault: 'Certificate of an authority that is not in `ca`',
      outcome: 'nothing is sent; retries, because certificates may be renewed; the log and the error name the reason',
    },
    expired: { fault: 'Expired certificate', outcome: 'the same' },
    wrongName: { fault: 'Certificate for another host name', outcome: 'the same' },
    noClientCertificate: {
      fault: 'The broker asks for a client certificate, and `cert` and `key` are not given',
      outcome: 'the same',
    },
  },
} as const satisfies FaultGroup;

export const PROCESSES = {
  title: 'The process',
  faults: {
    terminated: {
      fault: 'SIGTERM under load, with `enableShutdownHooks()`',
      outcome:
        'running handlers finish and are acknowledged, other messages stay with the broker: nothing is lost, nothing runs twice',
    },
    stalled: {
      fault: 'The event loop stalls for longer than `keepalive`, and the broker closes the connection',
      outcome: 'connects again and resumes the session; nothing is lost',
    },
  },
} as const satisfies FaultGroup;

export const FAULT_GROUPS: readonly FaultGroup[] = [STARTING, CONNECTED, MESSAGES, RESTARTS, CERTIFICATES, PROCESSES];
