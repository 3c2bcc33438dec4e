import type { Scene } from './scene.js';

/** One thing that users do with the transport, tried on a broker. */
export interface Check {
  /** As the list of expectations has it. */
  readonly name: string;
  /** As the table has it. */
  readonly title: string;
  /** Versions of the protocol that have it. Default: both. */
  readonly versions?: readonly (4 | 5)[];
  /** Default 15_000. */
  readonly deadlineMs?: number;
  /**
   * @throws BrokerCannotError, or one of the transport's own errors that say that the broker refuses, when it is the broker that
   * does not do it; any other error when it is a fault of the transport
   */
  run(scene: Scene): Promise<void>;
}

/** What a check has shown. */
export type Outcome =
  | { readonly result: 'works' }
  | { readonly result: 'cannot'; readonly said: string }
  | { readonly result: 'fails'; readonly error: unknown };

/** The broker does not do what is asked for: shown without the transport, or by what the broker has said. */
export class BrokerCannotError extends Error {
  override readonly name = 'BrokerCannotError';
}
