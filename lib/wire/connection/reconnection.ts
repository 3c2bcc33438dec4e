import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../../errors/connection-refused.error.js';
import { UNLIMITED_ATTEMPTS, type ResolvedConnectionOptions } from '../../options/connection-options.js';
import { backoffDelay } from '../../timing/backoff.js';
import { takeoverError, type ConnectionFailure } from './connection-failure.js';

type ReconnectionOptions = Pick<ResolvedConnectionOptions, 'reconnect' | 'maxConnectionAttempts' | 'clientId'>;

/** After a successful connection, permanent refusals are retried this many times in a row. */
const MAX_FIRM_REFUSALS = 10;
/** A connection that lasts this long is stable: the next failure resets the backoff. */
const STABLE_AFTER_MS = 5_000;

/** A connection that the broker closed this soon without a DISCONNECT may have been taken over. */
const SHORT_LIVED_MS = 1_000;
const MAX_SHORT_LIVED = 20;
/**
 * Two clients that take the session from each other reconnect with growing delays, so their connections last longer too. This many losses
 * in a row, each of a connection no older than `YOUNG_MS`, cause a warning.
 */
const SUSPICIOUS_EVICTIONS = 3;
const YOUNG_MS = 30_000;

/** Decides after each failure whether and when to retry. */
export class Reconnection {
  private failures = 0;
  private firmRefusals = 0;
  private everConnected = false;
  private connectedAt = 0;
  /** Number of consecutive connections that the broker closed soon, without a DISCONNECT, and without a failed attempt in between. */
  private shortLived = 0;
  /** The same for connections younger than `YOUNG_MS`. */
  private evictions = 0;
  private young = false;

  constructor(
    private readonly options: ReconnectionOptions,
    private readonly broker: string,
  ) {}

  /** Whether connections are lost soon, again and again, as with two clients that have the same Client Identifier. */
  get looksEvicted(): boolean {
    return this.evictions >= SUSPICIOUS_EVICTIONS;
  }

  /** Whether there has been no connection yet. */
  get isFirst(): boolean {
    return !this.everConnected;
  }

  /** Number of failed attempts in a row. */
  get failedAttempts(): number {
    return this.failures;
  }

  connected(now: number): void {
    this.everConnected = true;
    this.firmRefusals = 0;
    this.connectedAt = now;
  }

  /** The connection reported with `connected` has ended. @returns whether it was stable */
  lost(now: number): boolean {
    const lifetime = now - this.connectedAt;
    const stable = lifetime >= STABLE_AFTER_MS;
    if (stable) this.failures = 0;
    this.shortLived = lifetime < SHORT_LIVED_MS ? this.shortLived + 1 : 0;
    this.young = lifetime < YOUNG_MS;
    if (!this.young) this.evictions = 0;
    return stable;
  }

  /** The suspected packet was not the cause of the latest loss. */
  suspicionCleared(): void {
    this.shortLived++;
    if (this.young) this.evictions++;
  }

  /** @returns milliseconds to wait before the next attempt, or the final error */
  failed({ error, severity, silent = false, suspected = false, hint }: ConnectionFailure): number | Error {
    this.failures++;
    if (!silent) this.evictions = 0;
    else if (this.young && !suspected) this.evictions++;
    // a takeover closes connections silently; a broker that is down, or a network failure, refuses attempts or resets connections
    if (suspected)
      this.shortLived = Math.max(0, this.shortLived - 1); // while the loss is still being investigated
    else if (!silent) this.shortLived = 0;
    if (severity === 'fatal') return error;
    if (this.shortLived >= MAX_SHORT_LIVED) return takeoverError(this.broker, this.options.clientId);
    if (severity === 'firm' && (!this.everConnected || ++this.firmRefusals >= MAX_FIRM_REFUSALS)) return error;
    const { reconnect, maxConnectionAttempts } = this.options;
    const attemptsLeft =
      this.everConnected || maxConnectionAttempts === UNLIMITED_ATTEMPTS || this.failures < maxConnectionAttempts;
    if (reconnect !== false && attemptsLeft && this.attempts < reconnect.maxAttempts)
      return backoffDelay(reconnect, this.failures);
    return this.attemptsUsedUp(error, hint);
  }

  /** Number of failed attempts: after a connection, the first failure is its loss. */
  private get attempts(): number {
    return this.everConnected ? this.failures - 1 : this.failures;
  }

  private attemptsUsedUp(error: Error, hint: string | undefined): Error {
    const attempts = this.attempts === 0 ? '' : ` (${this.attempts} ${this.attempts === 1 ? 'attempt' : 'attempts'})`;
    if (this.everConnected) {
      return new ConnectionClosedError(
        `The connection to ${this.broker} is lost${attempts}: ${reasonOf(error)}`,
        true,
        { cause: error },
      );
    }
    if (error instanceof ConnectionRefusedError) return error;
    return new ConnectionRefusedError(
      `Cannot connect to ${this.broker}${attempts}: ${withHint(reasonOf(error), hint)}`,
      undefined,
      {
        cause: error,
      },
    );
  }
}

/** A reason, with a hint if there is one. */
export function withHint(reason: string, hint: string | undefined): string {
  return hint === undefined ? reason : `${reason}; ${hint}`;
}

/** The AggregateError for a host with several addresses has no message itself. */
export function reasonOf(error: Error): string {
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
