// What the server tells the page, once a second. The page is bundled from these types too.

/** Something that has happened, and when: milliseconds since the epoch. */
export interface Happened {
  readonly at: number;
  readonly text: string;
}

/** What the page may do. */
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
  /** Since when it is connected. */
  readonly since: number | undefined;
  readonly reconnects: number;
  readonly lastError: Happened | undefined;
  readonly wanted: number;
  readonly granted: number;
  readonly refused: readonly { readonly filter: string; readonly reason: string }[];
  readonly window: { readonly size: number; readonly used: number } | undefined;
  /** Why the window is full; undefined while it is not. */
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
  /** Why the broker has refused its filter. */
  readonly refused: string | undefined;
  readonly policy: string | undefined;
  readonly deadLetter: string | undefined;
  readonly running: number;
  readonly waiting: number;
  readonly withheld: number;
  /** Messages a second, over ten seconds; undefined before the first is over. */
  readonly rate: number | undefined;
  /** Milliseconds. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly failures: number;
  readonly lastError: Happened | undefined;
}

/** A message that has come, and with which something is under way. */
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
  /** Undefined where it is kept in a store only. */
  readonly deadLetterTopic: string | undefined;
  readonly reason: string;
  readonly attempts: number;
  readonly size: number;
  /** Why the broker has not accepted it. */
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
  /** Where the next page begins; undefined for the last one. */
  readonly next: string | undefined;
}

/** A store of dead letters. */
export interface StoreView {
  readonly id: string;
  /** Name of the broker of its server. */
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

/** Of all handlers, those included that are not shown. */
export interface Totals {
  /** Messages a second, over ten seconds; undefined before the first is over. */
  readonly rate: number | undefined;
  readonly running: number;
  readonly waiting: number;
  readonly failures: number;
}

/** Part of a list that may be long. */
export interface Some<T> {
  readonly shown: readonly T[];
  readonly all: number;
}

export interface Snapshot {
  readonly at: number;
  readonly may: Permissions;
  /** Brokers by their names, '' for the unnamed one, that have a client to publish and listen with. */
  readonly clients: readonly string[];
  /** Where dead letters are kept. */
  readonly stores: readonly StoreView[];
  /** One message in so many is followed; 1 is all of them. */
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

/** Why a topic reaches a handler, or does not. */
export interface Explanation {
  readonly handler: string;
  readonly subscription: string;
  readonly broker: string | undefined;
  readonly reaches: boolean;
  readonly why: string;
}

/** What may stand in the way of a topic, and what it reaches. */
export interface TopicAnswer {
  readonly topic: string;
  readonly problem: string | undefined;
  /** Handlers that it reaches. */
  readonly reached: number;
  readonly explanations: Some<Explanation>;
}

/** A value of JSON that is neither a list nor an object. */
export type Scalar = string | number | boolean | null;

/** A field of a form. */
export interface FieldView {
  /** Property of the payload; undefined where the payload is the value itself. */
  readonly name: string | undefined;
  readonly kind: 'text' | 'number' | 'integer' | 'choice';
  readonly required: boolean;
  readonly description?: string | undefined;
  /** Of a choice. */
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
  /** What it is; undefined where that is open. */
  readonly text?: string;
  /** Of an open level: a capture or a wildcard. */
  readonly name?: string;
  readonly description?: string | undefined;
}

/** What a message to a handler is made of, as its AsyncAPI document has it. */
export interface FormView {
  readonly levels: readonly LevelView[];
  readonly summary: string | undefined;
  readonly contentType: string | undefined;
  /** Undefined where the payload is more than a few simple values, or nothing is known of it. */
  readonly fields: readonly FieldView[] | undefined;
  /** A payload in JSON to begin with. */
  readonly example: string;
}

/** A message that came on a filter that somebody listens to. */
export interface TailMessage {
  readonly at: number;
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly size: number;
  /** Handlers that it reaches, by their templates. */
  readonly reaches: readonly string[];
  readonly payload: string | undefined;
  readonly userProperties: readonly (readonly [string, string])[];
}

export interface TailFrame {
  readonly messages: readonly TailMessage[];
  /** Messages since the last frame that are not shown. */
  readonly skipped: number;
}

/** What an action has come to. */
export interface ActionResult {
  readonly ok: boolean;
  readonly text: string;
  /** Reply of a request, in JSON; undefined where payloads are hidden. */
  readonly reply?: string | undefined;
}
