import { describe, expect, it } from '@jest/globals';
import { EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import type { Outcome } from '../../../../lib/acknowledgement/settle-by-policy.js';
import { HandlerRun, type HandlerObserver } from '../../../../lib/server/handling/handler-run.js';

class Recorder implements HandlerObserver {
  readonly told: string[] = [];

  single(value: unknown): void {
    this.told.push(`single ${String(value)}`);
  }

  next(value: unknown): void {
    this.told.push(`next ${String(value)}`);
  }

  ended(outcome: Outcome): void {
    this.told.push(outcome.failed ? `failed ${String(outcome.error)}` : 'ended');
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Not a promise of this realm's class, but something that one can wait for. */
const thenable = new Proxy(
  {},
  { get: (_, key) => (key === 'then' ? (resolve: (value: string) => void) => resolve('x') : undefined) },
);

const boom = (): never => {
  throw new Error('boom');
};
const untouchable = new Proxy(new Error(), { get: boom, has: boom, getPrototypeOf: boom, ownKeys: boom });
/** A thenable, which is no literal. */
const thenableOf = (then: () => unknown): object =>
  new Proxy({}, { get: (_, key) => (key === 'then' ? then() : undefined) });

describe('HandlerRun', () => {
  it.each<[string, unknown, string[]]>([
    ['a value', 'x', ['single x']],
    ['nothing', undefined, ['single undefined']],
    ['null', null, ['single null']],
    ['a promise', Promise.resolve('x'), ['single x']],
    ['what is like a promise', thenable, ['single x']],
    ['a promise that is rejected', Promise.reject(new Error('no')), ['failed Error: no']],
    ['an observable', of('a', 'b'), ['next a', 'next b', 'ended']],
    ['an empty observable', EMPTY, ['ended']],
    ['an observable that fails', throwError(() => 'no'), ['failed no']],
    ['a promise of an observable', Promise.resolve(of('a')), ['next a', 'ended']],
    ['a promise of an observable that fails', Promise.resolve(throwError(() => 'no')), ['failed no']],
    ['an observable of promises, which are values', of('p'), ['next p', 'ended']],
  ])('follows %s to its end', async (_, returned, expected) => {
    const recorder = new Recorder();
    new HandlerRun(recorder).follow(returned);
    await turn();
    expect(recorder.told).toEqual(expected);
  });

  it.each<[string, () => unknown, string[]]>([
    ['a thenable that throws', () => thenableOf(() => boom), ['failed Error: boom']],
    ['a thenable whose then cannot be read', () => thenableOf(boom), ['failed Error: boom']],
    ['an observable that throws when it is subscribed', () => new Observable(boom), ['failed Error: boom']],
    ['an observable of another make that throws', () => ({ lift: boom, subscribe: boom }), ['failed Error: boom']],
    [
      'an observable of another make that goes on after its end',
      () => ({
        lift: boom,
        subscribe: (observer: Subject<string>) => {
          observer.complete();
          observer.next('late');
          observer.error('late');
        },
      }),
      ['ended'],
    ],
    [
      'a failure that cannot be looked at',
      () => Promise.reject(untouchable),
      ['failed Error: The thrown value cannot be read'],
    ],
  ])('takes %s for a failure, or an end', async (_, returned, expected) => {
    const recorder = new Recorder();
    new HandlerRun(recorder).follow(returned());
    await turn();
    expect(recorder.told).toEqual(expected);
  });

  it('unsubscribes when it is stopped, and tells nothing from then on', () => {
    const source = new Subject<string>();
    const recorder = new Recorder();
    const handler = new HandlerRun(recorder);
    handler.follow(source);
    source.next('a');
    handler.stop();
    expect(source.observed).toBe(false);
    source.next('b');
    source.complete();
    expect(recorder.told).toEqual(['next a']);
  });

  it('unsubscribes also when it is stopped before the observable is there', async () => {
    let unsubscribed = false;
    const recorder = new Recorder();
    const handler = new HandlerRun(recorder);
    handler.follow(Promise.resolve(new Observable(() => () => (unsubscribed = true))));
    handler.stop();
    await turn();
    expect([recorder.told, unsubscribed]).toEqual([[], false]); // it is not even subscribed
  });

  it('unsubscribes when it is stopped by the first value, within subscribing', () => {
    let unsubscribed = false;
    const recorder = new Recorder();
    const handler = new HandlerRun({
      single: (value) => recorder.single(value),
      ended: (outcome) => recorder.ended(outcome),
      next: (value) => {
        recorder.next(value);
        handler.stop();
      },
    });
    handler.follow(
      new Observable((subscriber) => {
        subscriber.next('a');
        subscriber.next('b');
        return () => (unsubscribed = true);
      }),
    );
    expect([recorder.told, unsubscribed]).toEqual([['next a'], true]);
  });

  it.each([
    ['a promise', () => Promise.resolve('late')],
    ['a promise that is rejected', () => Promise.reject(new Error('late'))],
    ['what never ends', () => NEVER],
  ])('tells nothing of %s once it is stopped', async (_, returned) => {
    const recorder = new Recorder();
    const handler = new HandlerRun(recorder);
    handler.follow(returned());
    handler.stop();
    await turn();
    expect(recorder.told).toEqual([]);
  });
});
