import { isObservable, type Observable, type Subscription } from 'rxjs';
import type { Outcome } from '../acknowledgement/settle-by-policy.js';
import { SUCCESS } from '../acknowledgement/settle-by-policy.js';

/** Told what a handler returns. Exactly one of `single` and `ended` comes last. */
export interface HandlerObserver {
  /** The handler returned a value, or a promise of one: there is no other. */
  single(value: unknown): void;
  /** A value of the observable that the handler returned. */
  next(value: unknown): void;
  /** The observable is complete, or something failed. */
  ended(outcome: Outcome): void;
}

/** Follows what a handler returned to its end: a value, a promise, an observable, or a promise of an observable. */
export class RunningHandler {
  private subscription: Subscription | undefined;
  private stopped = false;

  constructor(private readonly observer: HandlerObserver) {}

  follow(returned: unknown): void {
    if (isObservable(returned)) this.subscribe(returned);
    else if (isPromiseLike(returned))
      returned.then(
        (value) => this.resolved(value),
        (error: unknown) => this.failed(error),
      );
    else this.observer.single(returned);
  }

  /** Nobody is interested any more: an observable is unsubscribed, and nothing is reported from now on. */
  stop(): void {
    this.stopped = true;
    this.subscription?.unsubscribe();
  }

  private resolved(value: unknown): void {
    if (this.stopped) return;
    if (isObservable(value)) this.subscribe(value);
    else this.observer.single(value);
  }

  private failed(error: unknown): void {
    if (!this.stopped) this.observer.ended({ failed: true, error });
  }

  private subscribe(source: Observable<unknown>): void {
    this.subscription = source.subscribe({
      next: (value) => {
        if (!this.stopped) this.observer.next(value);
      },
      error: (error: unknown) => this.failed(error),
      complete: () => {
        if (!this.stopped) this.observer.ended(SUCCESS);
      },
    });
    if (this.stopped) this.subscription.unsubscribe();
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
