import type { LedgerTotals, PerQoS } from './ledger.js';

export type Victim = 'broker' | 'worker';

export interface RunOptions {
  readonly protocolVersion: 4 | 5;
  readonly kills: number;
  readonly seed: number;
}

/** What came of one run: one broker, one version, one kind of victim. */
export interface RunResult extends LedgerTotals {
  readonly victim: Victim;
  readonly broker: string;
  readonly protocolVersion: 4 | 5;
  readonly kills: number;
  /** Kills that came while something was under way. */
  readonly underLoad: number;
  /** Messages that were acknowledged to their publisher, and have had no effect. */
  readonly lost: number;
  /** The same, of a broker that was killed and did not keep what it had acknowledged: they never came to the worker. */
  readonly lostByBroker: number;
  /** First handlings of a message behind one that was published later to its topic. */
  readonly outOfOrder: PerQoS;
  /** The same, of a broker that was killed and delivers out of order afterwards. */
  readonly lateByBroker: number;
  /** Handlings of a message again that nothing explains. */
  readonly unfounded: PerQoS;
  /** Publishes that ended with an error that says that the broker has lost the session, and perhaps the message. */
  readonly uncertain: number;
  readonly durationMs: number;
  /** What went wrong besides, in words. */
  readonly incidents: readonly string[];
}
