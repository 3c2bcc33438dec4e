import type { Watched } from './watching.js';
export type QoS = 0 | 1 | 2;

/** What a request, or an event, carries: about 100 bytes of JSON, or as many as asked for. */
export interface Reading {
  readonly device: string;
  readonly celsius: number;
  readonly text: string;
}

/** Where a contestant connects to, and how. */
export interface ConnectOptions {
  readonly url: string;
  readonly qos: QoS;
}

export interface ConsumeOptions extends ConnectOptions {
  /** Topic Filter. */
  readonly filter: string;
  /** A session that outlives its connection. */
  readonly clientId?: string;
  /** Messages that may be unacknowledged. */
  readonly window: number;
  /** Default: nobody. Of this transport alone. */
  readonly watched?: Watched | undefined;
  /** An application with HTTP beside it, whether it has the inspector or not. Of this transport alone. */
  readonly inspector?: boolean | undefined;
}

export interface RespondOptions extends ConnectOptions {
  /** Group of a Shared Subscription. */
  readonly group?: string;
  readonly answer: (request: Reading) => unknown;
}

export interface Requester {
  call(request: Reading): Promise<Reading>;
}

export interface Emitter {
  /** Resolves when it is written (QoS 0) or acknowledged. */
  emit(topic: string, event: Reading): Promise<unknown>;
}

/** One way of using MQTT. Every contestant does the same things; each promise resolves when the broker has granted what it takes. */
export interface Contestant {
  /** Answers requests on {@link ECHO}. */
  respond(options: RespondOptions): Promise<void>;
  requester(options: ConnectOptions): Promise<Requester>;
  /** @returns the address of the inspector, where there is one */
  consume(options: ConsumeOptions, take: (event: Reading) => void): Promise<string | void>;
  emitter(options: ConnectOptions): Promise<Emitter>;
  /** Subscribes to many filters, as an application that starts with many handlers. */
  start(options: ConnectOptions, filters: readonly string[]): Promise<void>;
}

/** Topic of requests. */
export const ECHO = 'bench/echo';
/** Topic Filter of who answers requests. */
export function requestFilter(group: string | undefined): string {
  return group === undefined ? ECHO : `$share/${group}/${ECHO}`;
}

/** Topic of events. */
export const READINGS = 'bench/readings';

/** @param bytes of its JSON, about */
export function reading(bytes = 100, celsius = 21.5): Reading {
  return { device: 'd1', celsius, text: 'x'.repeat(Math.max(0, bytes - 42)) };
}
