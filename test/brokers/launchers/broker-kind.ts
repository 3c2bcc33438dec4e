/** A kind of broker that can be had from a package registry and started here. */
export interface BrokerKind {
  /** As `npm run test:brokers -- <name>` has it. */
  readonly name: string;
  /** As the table has it. */
  readonly title: string;
  /** Versions of the protocol that it speaks. Default: both. */
  readonly versions?: readonly (4 | 5)[];
  /** What has to be installed before it can be started, in words; undefined when nothing is missing. */
  missing(): string | undefined;
  /** Downloads or builds what is not in the cache yet. */
  prepare?(): Promise<void>;
  /** Starts it on a free port. It resolves when it accepts MQTT. */
  launch(): Promise<RunningBroker>;
}

export interface RunningBroker {
  readonly url: string;
  readonly version: string;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}
