import { isObservable, type Observable, type Subscription } from 'rxjs';
import { SUCCESS, type Outcome } from '../../acknowledgement/settle-by-policy.js';

/** Told what a handler returns. Exactly one of `single` and `ended` comes last. */
export interface HandlerObserver {
  /** The handler returned a value, or a promise of one: there is no other. */
  single(value: unknown): void;
  /** A value of the observable that the handler returned. */
  next(value: unknown): void;
  /** The observable is complete, or something failed. */
  ended(outcome: Outcome): void;
}

/**
 * One run of a handler. Follows what it returned to its end: a value, a promise, an observable, or a promise of an observable,
 * Nest's or anybody's.
 */
export class HandlerRun {
  private subscription: Subscription | undefined = undefined;
  private over = false;

  constructor(private readonly observer: HandlerObserver) {}

  follow(returned: unknown): void {
    try {
      if (returned instanceof Promise || isThenable(returned)) this.wait(returned);
      else this.take(returned);
    } catch (error) {
      this.fail(error); // what was returned cannot even be looked at
    }
  }

  fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.observer.ended({
      failed: true,
      error: isOpaque(error) ? new Error('What was thrown cannot be looked at') : error,
    });
  }

  /**
   * Nobody is interested any more: an observable is unsubscribed, and nothing is reported from now on.
   *
   * @throws what its teardown throws
   */
  stop(): void {
    this.over = true;
    this.subscription?.unsubscribe();
  }

  private wait(returned: PromiseLike<unknown>): void {
    // a promise that is not this realm's own may settle twice, or within then()
    const promise = returned instanceof Promise ? returned : Promise.resolve(returned);
    promise.then(
      (value) => this.take(value),
      (error: unknown) => this.fail(error),
    );
  }

  private take(value: unknown): void {
    if (this.over) return;
    if (typeof value === 'object' && value !== null) {
      const source = asObservable(value);
      if (source) {
        this.subscribe(source);
        return;
      }
    }
    this.over = true;
    this.observer.single(value);
  }

  private subscribe(source: Observable<unknown>): void {
    try {
      this.subscription = source.subscribe({
        next: (value) => {
          if (!this.over) this.observer.next(value);
        },
        error: (error: unknown) => this.fail(error),
        complete: () => this.complete(),
      });
      if (this.over) this.subscription.unsubscribe();
    } catch (error) {
      this.fail(error); // an observable that is not of rxjs's making
    }
  }

  private complete(): void {
    if (this.over) return;
    this.over = true;
    this.observer.ended(SUCCESS);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** A Proxy may refuse the question of what it is. */
function isOpaque(error: unknown): boolean {
  try {
    return error instanceof HandlerRun;
  } catch {
    return true;
  }
}

/** What throws when it is looked at is a value, which will not encode. */
function asObservable(value: object): Observable<unknown> | undefined {
  try {
    return isObservable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
