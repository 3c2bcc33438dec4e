import type { ContestantName } from '../contestants/contestants.js';
import type { Broker, BrokerSettings } from './broker.js';

/** Figures by name, such as `calls/s`. */
export type Figures = Readonly<Record<string, number>>;

/** What one contestant did in one round: its figures in each case of the workload, such as `32 in flight`. */
export type RoundResult = Readonly<Record<string, Figures>>;

/** Something that each contestant does in each round. */
export interface Workload {
  /** Short, for the command line and as a key. */
  readonly name: string;
  readonly title: string;
  /** What is done, and what the figures are. */
  readonly description: string;
  /** In the order in which they take turns. A ratio is made to the one named `baseline`. */
  readonly contestants: readonly ContestantName[];
  readonly baseline?: ContestantName;
  readonly broker?: BrokerSettings;
  /** Whether the short run has it. */
  readonly short?: boolean;
  /** Rounds that count, where they take too long for the usual number. */
  readonly rounds?: number;
  /** Whether a round that does not count goes first. Default true; nothing that is counted, and not timed, needs it. */
  readonly warmUp?: boolean;
  readonly marks?: readonly Mark[];
  round(contestant: ContestantName, broker: Broker): Promise<RoundResult>;
}

/** What has to be reached: a figure of one contestant, or its ratio to another's, paired by round. */
export interface Mark {
  readonly case: string;
  readonly figure: string;
  readonly of: ContestantName;
  /** Without it, the figure itself is meant. */
  readonly against?: ContestantName;
  /** Case of the other contestant, or the same one; default: the same case. */
  readonly againstCase?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What would be better still. */
  readonly aim?: number;
}
