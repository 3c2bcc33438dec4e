import type {
  MqttConnectionEvent,
  MqttDeadLetter,
  MqttDelivery,
  MqttDrop,
  MqttHandled,
  MqttObservedConnection,
  MqttObservedRequest,
  MqttObserver,
  MqttPublication,
  MqttPublishEnd,
  MqttRequestEnd,
  MqttRetry,
  MqttSettlement,
} from '../../lib/index.js';
import { Journal } from './journal.js';

/** One thing that an observer was told. */
export type Told =
  | { readonly hook: 'publish'; readonly publication: MqttPublication }
  | { readonly hook: 'published'; readonly publication: MqttPublication; readonly end: MqttPublishEnd }
  | { readonly hook: 'request'; readonly request: MqttObservedRequest }
  | { readonly hook: 'requested'; readonly request: MqttObservedRequest; readonly end: MqttRequestEnd }
  | { readonly hook: 'received' | 'handle' | 'completed'; readonly delivery: MqttDelivery; readonly attempt: number }
  | { readonly hook: 'retried'; readonly delivery: MqttDelivery; readonly retry: MqttRetry }
  | { readonly hook: 'handled'; readonly delivery: MqttDelivery; readonly handled: MqttHandled }
  | { readonly hook: 'deadLettered'; readonly delivery: MqttDelivery; readonly letter: MqttDeadLetter }
  | { readonly hook: 'settled'; readonly delivery: MqttDelivery; readonly settlement: MqttSettlement }
  | { readonly hook: 'dropped'; readonly drop: MqttDrop }
  | {
      readonly hook: 'connection';
      readonly connection: MqttObservedConnection;
      readonly event: MqttConnectionEvent;
    };

/** Keeps all that it is told, in order. */
export class RecordingObserver implements MqttObserver {
  readonly told = new Journal<Told>();

  /** In words: the hook, and what it is about. */
  get words(): string[] {
    return this.told.entries.map(wordsOf).filter((words) => words !== undefined);
  }

  publish(publication: MqttPublication): (end: MqttPublishEnd) => void {
    this.told.add({ hook: 'publish', publication });
    return (end) => this.told.add({ hook: 'published', publication, end });
  }

  request(request: MqttObservedRequest): (end: MqttRequestEnd) => void {
    this.told.add({ hook: 'request', request });
    return (end) => this.told.add({ hook: 'requested', request, end });
  }

  received(delivery: MqttDelivery): void {
    this.told.add({ hook: 'received', delivery, attempt: delivery.attempt });
  }

  handle(delivery: MqttDelivery, run: () => void): void {
    this.told.add({ hook: 'handle', delivery, attempt: delivery.attempt });
    run();
  }

  retried(delivery: MqttDelivery, retry: MqttRetry): void {
    this.told.add({ hook: 'retried', delivery, retry });
  }

  handled(delivery: MqttDelivery, handled: MqttHandled): void {
    this.told.add({ hook: 'handled', delivery, handled });
  }

  deadLettered(delivery: MqttDelivery, letter: MqttDeadLetter): void {
    this.told.add({ hook: 'deadLettered', delivery, letter });
  }

  settled(delivery: MqttDelivery, settlement: MqttSettlement): void {
    this.told.add({ hook: 'settled', delivery, settlement });
  }

  completed(delivery: MqttDelivery): void {
    this.told.add({ hook: 'completed', delivery, attempt: delivery.attempt });
  }

  dropped(drop: MqttDrop): void {
    this.told.add({ hook: 'dropped', drop });
  }

  connection(connection: MqttObservedConnection, event: MqttConnectionEvent): void {
    this.told.add({ hook: 'connection', connection, event });
  }
}

/** Undefined for what happens to a connection, which tests look at by itself. */
function wordsOf(told: Told): string | undefined {
  switch (told.hook) {
    case 'publish':
      return `publish ${told.publication.kind} ${told.publication.template ?? '-'}`;
    case 'published':
      return `published ${told.publication.kind}: ${told.end.outcome}`;
    case 'request':
      return `request ${told.request.template ?? '-'}`;
    case 'requested':
      return `requested: ${told.end.outcome}`;
    case 'received':
    case 'completed':
      return told.hook;
    case 'handle':
      return `handle ${told.attempt}`;
    case 'retried':
      return 'retried';
    case 'handled':
      return `handled: ${told.handled.failed ? 'failed' : 'succeeded'}`;
    case 'deadLettered':
      return `deadLettered: ${told.letter.error ? 'refused' : 'accepted'}`;
    case 'settled':
      return `settled: ${told.settlement.outcome}`;
    case 'dropped':
      return `dropped: ${told.drop.reason}`;
    default:
      return undefined;
  }
}
