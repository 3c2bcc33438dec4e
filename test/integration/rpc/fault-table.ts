/** What goes wrong during one call. */
export const FAULTS = {
  'before-write': 'cut before the request is written',
  'after-write': 'cut after it is written, before the broker has it',
  'before-puback': 'cut after the broker has it, before its PUBACK',
  'caller-while-running': "the caller's connection is cut while the handler runs",
  'server-while-running': "the server's connection is cut while the handler runs",
  'before-reply-puback': "the server's connection is cut before its reply is acknowledged",
  'restart-kept': 'the broker restarts, with its sessions, while the handler runs',
  'restart-forgotten': 'the broker restarts, without its sessions, while the handler runs',
} as const;

export type Fault = keyof typeof FAULTS;

/** How a call ended. */
export type Outcome = 'answered' | 'RequestTimeoutError' | 'ConnectionClosedError, maybeExecuted: true';

export interface FaultRow {
  readonly fault: Fault;
  readonly qos: 0 | 1;
  readonly session: 'ends' | 'kept';
  readonly outcome: Outcome;
  /** How often the handler ran. */
  readonly runs: 'not' | 'once' | 'twice';
}

const CLOSED = 'ConnectionClosedError, maybeExecuted: true';

/** The documented outcome of every fault; docs/guide/calling.md shows the same. */
export const FAULT_ROWS: readonly FaultRow[] = [
  { fault: 'before-write', qos: 0, session: 'ends', outcome: 'answered', runs: 'once' },
  { fault: 'before-write', qos: 1, session: 'ends', outcome: 'answered', runs: 'once' },
  { fault: 'before-write', qos: 0, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'before-write', qos: 1, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'after-write', qos: 0, session: 'ends', outcome: CLOSED, runs: 'not' },
  { fault: 'after-write', qos: 1, session: 'ends', outcome: CLOSED, runs: 'once' },
  { fault: 'after-write', qos: 0, session: 'kept', outcome: 'RequestTimeoutError', runs: 'not' },
  { fault: 'after-write', qos: 1, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'before-puback', qos: 0, session: 'ends', outcome: CLOSED, runs: 'once' },
  { fault: 'before-puback', qos: 1, session: 'ends', outcome: CLOSED, runs: 'twice' },
  { fault: 'before-puback', qos: 0, session: 'kept', outcome: 'RequestTimeoutError', runs: 'once' },
  { fault: 'before-puback', qos: 1, session: 'kept', outcome: 'answered', runs: 'twice' },
  { fault: 'caller-while-running', qos: 0, session: 'ends', outcome: CLOSED, runs: 'once' },
  { fault: 'caller-while-running', qos: 1, session: 'ends', outcome: CLOSED, runs: 'once' },
  { fault: 'caller-while-running', qos: 0, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'caller-while-running', qos: 1, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'server-while-running', qos: 0, session: 'ends', outcome: 'answered', runs: 'once' },
  { fault: 'server-while-running', qos: 1, session: 'ends', outcome: 'answered', runs: 'once' },
  { fault: 'server-while-running', qos: 0, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'server-while-running', qos: 1, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'before-reply-puback', qos: 0, session: 'ends', outcome: 'answered', runs: 'once' },
  { fault: 'before-reply-puback', qos: 1, session: 'ends', outcome: 'answered', runs: 'once' },
  { fault: 'before-reply-puback', qos: 0, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'before-reply-puback', qos: 1, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'restart-kept', qos: 0, session: 'ends', outcome: CLOSED, runs: 'once' },
  { fault: 'restart-kept', qos: 1, session: 'ends', outcome: CLOSED, runs: 'once' },
  { fault: 'restart-kept', qos: 0, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'restart-kept', qos: 1, session: 'kept', outcome: 'answered', runs: 'once' },
  { fault: 'restart-forgotten', qos: 0, session: 'kept', outcome: CLOSED, runs: 'once' },
  { fault: 'restart-forgotten', qos: 1, session: 'kept', outcome: CLOSED, runs: 'once' },
];

/** Cells of the table in the documentation: fault, session, QoS, what the caller gets, how often the handler ran. */
export function documentedRows(): string[][] {
  return FAULT_ROWS.map(({ fault, session, qos, outcome, runs }) => {
    const [error, detail] = outcome.split(', ');
    const shown = outcome === 'answered' ? 'the answer' : detail ? `\`${error}\`, \`${detail}\`` : `\`${error}\``;
    return [FAULTS[fault], session, String(qos), shown, runs];
  });
}
