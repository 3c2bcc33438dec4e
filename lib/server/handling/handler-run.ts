import { isObservable, type Observable, type Subscription } from 'rxjs';
import { SUCCESS, type Outcome } from '../../acknowledgement/settle-by-policy.js';

/** Receives the results of a handler. The last call is either `single` or `ended`. */
export interface HandlerObserver {
  /** The handler returned a single value, or a promise of one. */
  single(value: unknown): void;
  /** A value of the returned observable. */
  next(value: unknown): void;
  /** The observable has completed, or the handler has failed. */
  ended(outcome: Outcome): void;
}

/**
 * One run of a handler. Follows its result to the end: a value, a promise, an observable, or a promise of an observable, of any
 * implementation.
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
      this.fail(error); // the result throws when it is read
    }
  }

  fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.observer.ended({
      failed: true,
      error: isOpaque(error) ? new Error('The thrown value cannot be read') : error,
    });
  }

  /**
   * Unsubscribes from an observable, and reports no further results.
   *
   * @throws any error of the observable's teardown
   */
  stop(): void {
    this.over = true;
    this.subscription?.unsubscribe();
  }

  private wait(returned: PromiseLike<unknown>): void {
    // a foreign thenable may settle twice, or synchronously
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
      this.fail(error); // an observable of another implementation may throw in subscribe()
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

/** A Proxy may throw on any access. */
function isOpaque(error: unknown): boolean {
  try {
    return error instanceof HandlerRun;
  } catch {
    return true;
  }
}

/** A result that throws when it is read is treated as a value, whose encoding will fail. */
function asObservable(value: object): Observable<unknown> | undefined {
  try {
    return isObservable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
