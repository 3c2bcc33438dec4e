// The data that the server sends to the page. Both sides compile against these types.

/** An event with its time, in milliseconds since the epoch. */
export interface Happened {
  readonly at: number;
  readonly text: string;
}

/** The actions that the page may offer. */
export interface Permissions {
  readonly publish: boolean;
  readonly request: boolean;
  readonly replay: boolean;
  readonly discard: boolean;
  readonly payloads: boolean;
}

export interface ConnectionView {
  readonly id: string;
  readonly role: 'server' | 'client';
  readonly name: string | undefined;
  readonly broker: string;
  readonly clientId: string;
  readonly protocolVersion: 4 | 5;
  readonly connected: boolean;
  /** Time of the connect. */
  readonly since: number | undefined;
  readonly reconnects: number;
  readonly lastError: Happened | undefined;
  readonly wanted: number;
  readonly granted: number;
  readonly refused: readonly { readonly filter: string; readonly reason: string }[];
  readonly window: { readonly size: number; readonly used: number } | undefined;
  /** Why the window is full; undefined while it has room. */
  readonly blockedBy: string | undefined;
  readonly running: number;
  readonly waiting: number;
  readonly unsettled: number;
  /** Milliseconds. */
  readonly oldestUnsettled: number | undefined;
  readonly withheld: number;
  readonly pendingRequests: number;
  readonly queued: number;
  readonly inFlight: number;
}

export interface HandlerView {
  readonly id: string;
  readonly connection: string;
  readonly broker: string | undefined;
  readonly kind: 'event' | 'request';
  readonly pattern: string;
  readonly template: string;
  readonly subscription: string;
  readonly group: string | undefined;
  readonly source: string | undefined;
  readonly qosWanted: number | undefined;
  readonly qosGranted: number | undefined;
  /** Why the broker refused the filter. */
  readonly refused: string | undefined;
  readonly policy: string | undefined;
  readonly deadLetter: string | undefined;
  readonly running: number;
  readonly waiting: number;
  readonly withheld: number;
  /** Messages a second, averaged over ten seconds; undefined in the first second. */
  readonly rate: number | undefined;
  /** Milliseconds. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly failures: number;
  readonly lastError: Happened | undefined;
}

/** A received message that is in flight. */
export interface MessageView {
  readonly id: number;
  readonly at: number;
  readonly topic: string;
  readonly handler: string;
  readonly qos: number;
  readonly size: number;
  readonly state: 'waiting' | 'running' | 'retrying' | 'settling';
  readonly attempt: number;
}

export interface RequestView {
  readonly id: number;
  readonly at: number;
  readonly topic: string;
  readonly timeoutMs: number | undefined;
  /** Undefined while it is pending. */
  readonly outcome: string | undefined;
  readonly durationMs: number | undefined;
  readonly error: string | undefined;
}

export interface DeadLetterView {
  readonly id: number;
  readonly at: number;
  readonly topic: string;
  readonly handler: string;
  /** Undefined if it is kept in a store only. */
  readonly deadLetterTopic: string | undefined;
  readonly reason: string;
  readonly attempts: number;
  readonly size: number;
  /** Why publishing it failed. */
  readonly error: string | undefined;
}

/** A dead letter that a store keeps. */
export interface KeptLetterView {
  readonly id: string;
  readonly at: number;
  readonly topic: string;
  readonly handler: string;
  readonly reason: string;
  readonly attempts: number;
  readonly replays: number;
  readonly size: number;
}

export interface KeptLetterPage {
  readonly letters: readonly KeptLetterView[];
  /** Start of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/** A store of dead letters. */
export interface StoreView {
  readonly id: string;
  /** Name of the server's broker. */
  readonly broker: string | undefined;
}

export interface DropView {
  readonly id: number;
  readonly at: number;
  readonly topic: string;
  readonly handler: string | undefined;
  readonly reason: string;
  readonly size: number;
}

export interface EventView {
  readonly id: number;
  readonly at: number;
  readonly connection: string;
  readonly text: string;
}

/** Totals of all handlers, including those that are not shown. */
export interface Totals {
  /** Messages a second, averaged over ten seconds; undefined in the first second. */
  readonly rate: number | undefined;
  readonly running: number;
  readonly waiting: number;
  readonly failures: number;
}

/** An excerpt of a list. */
export interface Some<T> {
  readonly shown: readonly T[];
  readonly all: number;
}

export interface Snapshot {
  readonly at: number;
  readonly may: Permissions;
  /** Names of the brokers with a client; '' for the unnamed one. */
  readonly clients: readonly string[];
  /** The dead letter stores. */
  readonly stores: readonly StoreView[];
  /** One message in `oneIn` is followed; 1 follows every message. */
  readonly oneIn: number;
  readonly totals: Totals;
  readonly connections: readonly ConnectionView[];
  readonly handlers: Some<HandlerView>;
  readonly messages: Some<MessageView>;
  readonly requests: readonly RequestView[];
  readonly deadLetters: Some<DeadLetterView>;
  readonly drops: Some<DropView>;
  readonly events: readonly EventView[];
}

/** Why a topic reaches a handler or does not. */
export interface Explanation {
  readonly handler: string;
  readonly subscription: string;
  readonly broker: string | undefined;
  readonly reaches: boolean;
  readonly why: string;
}

/** The handlers that a topic reaches, or why the topic is invalid. */
export interface TopicAnswer {
  readonly topic: string;
  readonly problem: string | undefined;
  /** Number of handlers that the topic reaches. */
  readonly reached: number;
  readonly explanations: Some<Explanation>;
}

/** A JSON value other than an array or an object. */
export type Scalar = string | number | boolean | null;

/** A field of a form. */
export interface FieldView {
  /** Property of the payload; undefined if the payload is the value itself. */
  readonly name: string | undefined;
  readonly kind: 'text' | 'number' | 'integer' | 'choice';
  readonly required: boolean;
  readonly description?: string | undefined;
  /** The options of a choice. */
  readonly choices?: readonly Scalar[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  /** An example, or the default. */
  readonly value?: Scalar | undefined;
}

/** A level of a topic. */
export interface LevelView {
  /** The fixed text; undefined for a capture or a wildcard. */
  readonly text?: string;
  /** Name of a capture or a wildcard. */
  readonly name?: string;
  readonly description?: string | undefined;
}

/** The form for a message to a handler, from the AsyncAPI document. */
export interface FormView {
  readonly levels: readonly LevelView[];
  readonly summary: string | undefined;
  readonly contentType: string | undefined;
  /** Undefined if the payload is not a few simple values, or its schema is not known. */
  readonly fields: readonly FieldView[] | undefined;
  /** An example payload, in JSON. */
  readonly example: string;
}

/** A message of a live tail. */
export interface TailMessage {
  readonly at: number;
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly size: number;
  /** Templates of the handlers that the message reaches. */
  readonly reaches: readonly string[];
  readonly payload: string | undefined;
  readonly userProperties: readonly (readonly [string, string])[];
}

export interface TailFrame {
  readonly messages: readonly TailMessage[];
  /** Messages since the last frame that are left out. */
  readonly skipped: number;
}

/** The result of an action. */
export interface ActionResult {
  readonly ok: boolean;
  readonly text: string;
  /** Reply of a request, in JSON; undefined if payloads are hidden. */
  readonly reply?: string | undefined;
}
