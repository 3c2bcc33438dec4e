import type { Logger } from '@nestjs/common';
import type { MqttConnectionEvent, MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttDeadLetter, MqttDelivery, MqttHandled, MqttRetry, MqttSettlement } from './mqtt-delivery.js';
import type { MqttObservedHandler } from './mqtt-observed-handler.js';
import type { MqttDrop } from './mqtt-drop.js';
import type { MqttObservedRequest, MqttRequestEnd } from './mqtt-observed-request.js';
import type { MqttObserver } from './mqtt-observer.js';
import { ObserverComplaints } from './observer-complaints.js';
import { Publication, type PublicationParts } from './publication.js';

type Hook = keyof MqttObserver;
/** An observer that waits for the end of an operation. */
interface Awaiting {
  readonly observer: MqttObserver;
  readonly end: (end: never) => void;
}

/** The observers of one server or client, called in order. A faulty observer affects neither the others nor the operation. */
export class Observers {
  /** Messages whose handlers have ended and that nothing has been decided about. */
  readonly undecided = new Set<{ left(): void }>();
  private readonly complaints: ObserverComplaints;
  private readonly listening = new Map<Hook, readonly MqttObserver[]>();

  constructor(
    private readonly observers: readonly MqttObserver[],
    readonly connection: MqttObservedConnection,
    logger: Pick<Logger, 'error'>,
  ) {
    this.complaints = new ObserverComplaints(logger);
  }

  /** A message is about to be sent. */
  publish(parts: PublicationParts): Publication {
    const ends: Awaiting[] = [];
    const publication = new Publication(this.connection, parts, this.complaints, (end) =>
      this.end('publish', ends, end),
    );
    for (const observer of this.with('publish')) {
      publication.told = observer;
      this.begin(observer, 'publish', publication, ends);
    }
    publication.told = undefined;
    return publication;
  }

  /** A request is sent. @returns the observers that wait for its end */
  request(request: MqttObservedRequest): (end: MqttRequestEnd) => void {
    const ends: Awaiting[] = [];
    for (const observer of this.with('request')) this.begin(observer, 'request', request, ends);
    return (end) => this.end('request', ends, end);
  }

  /** Whether at least one observer follows a message. */
  follows(handler: MqttObservedHandler, topic: string): boolean {
    for (const observer of this.observers) if (this.followedBy(observer, handler, topic)) return true;
    return false;
  }

  received(delivery: MqttDelivery): void {
    this.tell('received', delivery);
  }

  /** Runs a handler inside all observers. `run` is called exactly once before this returns, whatever the observers do. */
  handle(delivery: MqttDelivery, run: () => void): void {
    this.nest(this.with('handle'), 0, delivery, run);
  }

  retried(delivery: MqttDelivery, retry: MqttRetry): void {
    this.tell('retried', delivery, retry);
  }

  handled(delivery: MqttDelivery, handled: MqttHandled): void {
    this.tell('handled', delivery, handled);
  }

  deadLettered(delivery: MqttDelivery, letter: MqttDeadLetter): void {
    this.tell('deadLettered', delivery, letter);
  }

  settled(delivery: MqttDelivery, settlement: MqttSettlement): void {
    this.tell('settled', delivery, settlement);
  }

  completed(delivery: MqttDelivery): void {
    this.tell('completed', delivery);
  }

  /** The server closes, and waits no longer: what is undecided stays with the broker. */
  leaveUndecided(): void {
    for (const delivery of [...this.undecided]) delivery.left();
  }

  dropped(drop: Omit<MqttDrop, 'connection'>): void {
    this.tell('dropped', { connection: this.connection, ...drop } satisfies MqttDrop);
  }

  happened(event: MqttConnectionEvent): void {
    if (event.kind === 'session-lost') this.undecided.clear(); // no broker has them any more
    this.tell('connection', this.connection, event);
  }

  private followedBy(observer: MqttObserver, handler: MqttObservedHandler, topic: string): boolean {
    try {
      if (observer.follows === undefined) return true;
      const answer: unknown = observer.follows(handler, topic);
      if (typeof answer === 'boolean') return answer;
      this.complaints.tell(observer, 'follows', 'returned neither true nor false');
      if (isPromise(answer)) this.follow(observer, 'follows', answer);
    } catch (error) {
      this.complaints.threw(observer, 'follows', error);
    }
    return true;
  }

  private nest(observers: readonly MqttObserver[], at: number, delivery: MqttDelivery, run: () => void): void {
    const observer = observers[at];
    if (observer === undefined) {
      run();
      return;
    }
    let ran = false;
    const next = (): void => {
      if (ran) return;
      ran = true;
      this.nest(observers, at + 1, delivery, run);
    };
    this.call(observer, 'handle', delivery, next);
    if (ran) return;
    this.complaints.tell(observer, 'handle', 'did not call run(); the handler has run without it');
    next();
  }

  private begin(observer: MqttObserver, hook: 'publish' | 'request', subject: unknown, ends: Awaiting[]): void {
    const end = this.call(observer, hook, subject);
    if (typeof end === 'function') ends.push({ observer, end: end as Awaiting['end'] });
    else if (end !== undefined) this.complaints.tell(observer, hook, 'returned a value that is not a function');
  }

  private end(hook: Hook, ends: readonly Awaiting[], how: unknown): void {
    for (const { observer, end } of ends) {
      try {
        const returned: unknown = (end as (how: unknown) => unknown)(how);
        if (isPromise(returned)) this.follow(observer, hook, returned);
      } catch (error) {
        this.complaints.threw(observer, hook, error);
      }
    }
  }

  private tell(hook: Hook, ...args: readonly unknown[]): void {
    for (const observer of this.with(hook)) this.call(observer, hook, ...args);
  }

  private call(observer: MqttObserver, hook: Hook, ...args: readonly unknown[]): unknown {
    try {
      const returned = (observer[hook] as (...given: readonly unknown[]) => unknown).call(observer, ...args);
      if (isPromise(returned)) this.follow(observer, hook, returned);
      return returned;
    } catch (error) {
      this.complaints.threw(observer, hook, error);
      return undefined;
    }
  }

  private follow(observer: MqttObserver, hook: Hook, promise: Promise<unknown>): void {
    promise.catch((error: unknown) => this.complaints.rejected(observer, hook, error));
  }

  private with(hook: Hook): readonly MqttObserver[] {
    let observers = this.listening.get(hook);
    if (!observers)
      this.listening.set(hook, (observers = this.observers.filter((observer) => hasHook(observer, hook))));
    return observers;
  }
}

/** A getter may throw: {@link Observers.call} says so then. */
function hasHook(observer: MqttObserver, hook: Hook): boolean {
  try {
    return observer[hook] !== undefined;
  } catch {
    return true;
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
