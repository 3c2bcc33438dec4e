import type { Logger } from '@nestjs/common';
import { describeThrown } from '../../errors/describe-thrown.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Claim, DeduplicationStore } from '../../protocol/deduplication-store.js';
import { inTime } from '../../timing/in-time.js';

/** Timeout of a store. */
const STORE_TIMEOUT = { what: 'it', timeoutMs: 5_000, unref: true };

/**
 * Wraps the application's store, which may throw, hang or return invalid values. A call returns a valid answer in time, or `undefined`
 * for any failure. The first failure and the recovery are logged.
 */
export class SteadyStore {
  private failing = false;

  constructor(
    private readonly store: DeduplicationStore,
    private readonly logger: Logger,
  ) {}

  async claim(key: string, owner: string, leaseMs: number): Promise<Claim | undefined> {
    let late = false;
    const claimed = await this.ask(
      'claim',
      () => {
        const answer = this.store.claim(key, owner, leaseMs);
        // a claim that succeeds late would block the key until its lease ends, without a handler
        if (answer instanceof Promise) void this.letGoOfLate(answer, () => late, key, owner);
        return answer;
      },
      isClaim,
    );
    late = claimed === undefined;
    return claimed;
  }

  renew(key: string, owner: string, leaseMs: number): Promise<boolean | undefined> {
    return this.ask('renew', () => this.store.renew(key, owner, leaseMs), isBoolean);
  }

  complete(
    key: string,
    owner: string,
    replies: readonly OutgoingMessage[],
    ttlMs: number,
  ): Promise<boolean | undefined> {
    return this.ask('complete', () => this.store.complete(key, owner, replies, ttlMs), isBoolean);
  }

  async release(key: string, owner: string): Promise<void> {
    await this.ask('release', () => this.store.release(key, owner), isAnything);
  }

  private async letGoOfLate(answer: Promise<Claim>, isLate: () => boolean, key: string, owner: string): Promise<void> {
    try {
      const { state } = await answer;
      if (isLate() && state === 'mine') await this.store.release(key, owner);
    } catch {
      // the failure is logged elsewhere
    }
  }

  private async ask<T>(
    method: keyof DeduplicationStore,
    call: () => T | Promise<T>,
    isAnswer: (value: unknown) => boolean,
  ): Promise<T | undefined> {
    try {
      const called = call();
      const answer = isThenable(called) ? await inTime(called, STORE_TIMEOUT) : called;
      if (!isAnswer(answer))
        throw new TypeError('it returned a value that violates the contract of DeduplicationStore');
      this.succeeded();
      return answer;
    } catch (error) {
      this.failed(method, error);
      return undefined;
    }
  }

  private failed(method: string, error: unknown): void {
    if (this.failing) return;
    this.failing = true;
    this.logger.warn(`The deduplication store failed in ${method}(): ${describeThrown(error)}`);
  }

  private succeeded(): void {
    if (!this.failing) return;
    this.failing = false;
    this.logger.log('The deduplication store answers again.');
  }
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isAnything(): boolean {
  return true;
}

function isClaim(value: unknown): boolean {
  const { state, replies } = Object(value) as { state?: unknown; replies?: unknown };
  return state === 'mine' || state === 'running' || (state === 'done' && areReplies(replies));
}

function areReplies(value: unknown): boolean {
  return Array.isArray(value) && value.every(isReply);
}

function isReply(value: unknown): boolean {
  const { topic, payload } = Object(value) as Partial<OutgoingMessage>;
  return typeof topic === 'string' && (typeof payload === 'string' || payload instanceof Uint8Array);
}
