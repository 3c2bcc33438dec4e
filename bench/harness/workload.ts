import type { Broker } from './mosquitto.js';

/** Figures of one round of one contestant, by name. */
export type Figures = Readonly<Record<string, number>>;

/** Something that each contestant does in each round. */
export interface Workload {
  readonly name: string;
  /** What is done, and what the figures are. */
  readonly description: string;
  /** The last one is what the others are compared with. */
  readonly contestants: readonly string[];
  /** The figure that ratios are made of; more is better. */
  readonly figure: string;
  /** The least that the ratio of the first contestant to the last may be. */
  readonly mark?: number;
  round(contestant: string, broker: Broker): Promise<Figures>;
}
