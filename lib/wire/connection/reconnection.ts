import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../../errors/connection-refused.error.js';
import { UNLIMITED_ATTEMPTS, type ResolvedConnectionOptions } from '../../options/connection-options.js';
import { backoffDelay } from '../../timing/backoff.js';
import { takeoverError, type ConnectionFailure } from './connection-failure.js';

type ReconnectionOptions = Pick<ResolvedConnectionOptions, 'reconnect' | 'maxConnectionAttempts' | 'clientId'>;

/** After a successful connection, refusals that retrying cannot cure are retried this often in a row. */
const MAX_FIRM_REFUSALS = 10;
/** A connection that lived this long counts as stable: the next failure starts the backoff anew. */
const STABLE_AFTER_MS = 5_000;

/** A connection that was ended in silence this soon may have been taken over: some brokers do not say so. */
const SHORT_LIVED_MS = 1_000;
const MAX_SHORT_LIVED = 20;
/**
 * Two clients that evict each other wait longer and longer before they come back, so that their connections live longer too: this
 * often in a row, each no older than that, is worth a warning.
 */
const SUSPICIOUS_EVICTIONS = 3;
const YOUNG_MS = 30_000;

/** Decides after each failure whether to try again, and when. */
export class Reconnection {
  private failures = 0;
  private firmRefusals = 0;
  private everConnected = false;
  private connectedAt = 0;
  /** Connections in a row that the broker ended in silence as soon as they were made, no attempt failing in between. */
  private shortLived = 0;
  /** The same of connections that were young. */
  private evictions = 0;
  private young = false;

  constructor(
    private readonly options: ReconnectionOptions,
    private readonly broker: string,
  ) {}

  /** Whether connections are lost again and again as soon as they are made: what two clients with one identifier do to each other. */
  get looksEvicted(): boolean {
    return this.evictions >= SUSPICIOUS_EVICTIONS;
  }

  /** Whether no connection has come about yet. */
  get isFirst(): boolean {
    return !this.everConnected;
  }

  /** Attempts that have failed in a row. */
  get failedAttempts(): number {
    return this.failures;
  }

  connected(now: number): void {
    this.everConnected = true;
    this.firmRefusals = 0;
    this.connectedAt = now;
  }

  /** The connection that `connected` spoke of is gone. @returns whether it had lived so long that it counts as stable */
  lost(now: number): boolean {
    const lifetime = now - this.connectedAt;
    const stable = lifetime >= STABLE_AFTER_MS;
    if (stable) this.failures = 0;
    this.shortLived = lifetime < SHORT_LIVED_MS ? this.shortLived + 1 : 0;
    this.young = lifetime < YOUNG_MS;
    if (!this.young) this.evictions = 0;
    return stable;
  }

  /** The latest loss was not due to what was suspected of it. */
  suspicionCleared(): void {
    this.shortLived++;
    if (this.young) this.evictions++;
  }

  /** @returns milliseconds to wait before the next attempt, or the error to give up with */
  failed({ error, severity, silent = false, suspected = false, hint }: ConnectionFailure): number | Error {
    this.failures++;
    if (!silent) this.evictions = 0;
    else if (this.young && !suspected) this.evictions++;
    // a broker that is down, or a network that fails, refuses attempts and breaks connections: it does not end them in silence
    if (suspected)
      this.shortLived = Math.max(0, this.shortLived - 1); // as long as the suspicion stands
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

  /** Failed attempts to connect: of the failures in a row after a connection, the first is its loss. */
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

/** A reason, and what to try about it. */
export function withHint(reason: string, hint: string | undefined): string {
  return hint === undefined ? reason : `${reason}; ${hint}`;
}

/** An AggregateError, which a host with several addresses gives, has no message of its own. */
export function reasonOf(error: Error): string {
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
