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
      outcome: 'tries again, with growing waits; `ConnectionRefusedError` when `maxConnectionAttempts` are used up',
    },
    refusedForNow: {
      fault: 'CONNACK 0x88, 0x89, 0x97 or 0x9F: unavailable, busy, quota, rate (3.1.1: return code 3)',
      outcome: 'tries again',
    },
    refusedForGood: {
      fault: 'CONNACK with any other refusal: credentials, permission, identifier, version, ban',
      outcome: '`ConnectionRefusedError` with the reason code, at once',
    },
    credentialsThrow: {
      fault: '`credentials()` throws',
      outcome: 'tries again, and asks again; the log says what it threw',
    },
    credentialsHang: {
      fault: '`credentials()` does not settle within `connectTimeout`',
      outcome: 'counts as a failed attempt: tries again, and asks again',
    },
    noConnack: {
      fault: 'The host accepts the connection and says nothing',
      outcome: 'tries again after `connectTimeout`',
    },
    oneOfSeveral: { fault: 'One of `servers` cannot be reached, or says nothing', outcome: 'goes on to the next' },
    subscriptionRefused: {
      fault: 'A subscription is refused (SUBACK 0x80 or above)',
      outcome: '`listen()` rejects with `SubscriptionRefusedError`, which names every refused filter',
    },
    sharedAnnounced: {
      fault: 'CONNACK: Shared Subscriptions not available',
      outcome: '`listen()` rejects with `SubscriptionRefusedError`; they are not asked for',
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
      outcome: '`listen()` resolves: nothing on the wire tells',
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
      fault: 'Refused for good after it had been connected',
      outcome:
        'tries again 10 times, for credentials may be on their way; then closed: status `closed`, an error in the log',
    },
    credentialsRotated: {
      fault: 'Credentials are changed on the broker, which ends the connection',
      outcome: '`credentials()` is asked, and the new ones are used',
    },
    takenOver: {
      fault: 'Another client with the same Client Identifier connects (DISCONNECT 0x8E)',
      outcome: 'closed, with an error that names the Client Identifier; does not connect again',
      only: 5,
    },
    halfOpen: {
      fault: 'Half-open connection: nothing comes, nothing closes',
      outcome: 'noticed within 1.5 times `keepalive`; connects again',
    },
    slow: { fault: 'The network is slow', outcome: 'everything arrives, in order, later' },
    malformed: { fault: 'Bytes that are no MQTT', outcome: 'the connection is ended, and made again' },
    sessionEnded: {
      fault: 'The broker has lost the session',
      outcome: 'subscribed anew, inbox restored, written requests end with `maybeExecuted`, event `sessionLost`',
    },
    refusedAgain: {
      fault: 'A subscription is refused when it is made again',
      outcome: 'an error in the log, `granted` below `wanted` in the health; the next session tries again',
    },
    noSubackLater: {
      fault: 'A SUBSCRIBE is not answered when it is made again',
      outcome: 'connects again after `connectTimeout`, and subscribes; what was to be published waits',
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
      fault: 'DISCONNECT 0x95: a packet was too large, and no CONNACK had said so',
      outcome: '`PublishRefusedError` (0x95) for the largest message under way; the others are sent again',
      only: 5,
    },
    qosNotSupported: {
      fault: 'QoS above Maximum QoS, or retain where it is not available',
      outcome: '`PublishRefusedError` (0x9B, 0x9A); nothing is sent, not even what waited for the connection',
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
      fault: 'Killed while messages are under way at QoS 1',
      outcome: 'each is sent again until it is acknowledged; none is lost, some may arrive twice',
    },
    midRequest: {
      fault: 'Killed while a request is under way',
      outcome:
        '`ConnectionClosedError` with `maybeExecuted: true` as soon as the broker is back; the next request is answered',
    },
    midStream: {
      fault: 'Killed in mid-stream',
      outcome: 'the values so far, then `ConnectionClosedError` with `maybeExecuted: true`',
    },
    withPersistence: {
      fault: 'Restarted with its sessions',
      outcome: 'session resumed: nothing is subscribed again, and what came meanwhile is delivered',
    },
    withoutPersistence: { fault: 'Restarted without its sessions', outcome: 'subscribed anew, event `sessionLost`' },
    silentTakeover: {
      fault: 'Another client has the same Client Identifier, and the broker does not say so (Mosquitto)',
      outcome:
        'a warning after 3 connections that were lost within a second; closed after 20, with an error that names the Client Identifier',
    },
  },
} as const satisfies FaultGroup;

export const CERTIFICATES = {
  title: 'TLS',
  faults: {
    unknownAuthority: {
      fault: 'Certificate of an authority that `ca` does not hold',
      outcome: 'nothing is sent; tries again, for certificates are renewed; the log and the error name the reason',
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
        'what runs is finished and acknowledged, the rest stays with the broker: nothing is lost, nothing runs twice',
    },
    stalled: {
      fault: 'The event loop stalls for longer than `keepalive`, and the broker gives the connection up',
      outcome: 'connects again and resumes the session; nothing is lost',
    },
  },
} as const satisfies FaultGroup;

export const FAULT_GROUPS: readonly FaultGroup[] = [STARTING, CONNECTED, MESSAGES, RESTARTS, CERTIFICATES, PROCESSES];
