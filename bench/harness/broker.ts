/** A broker of a benchmark's own. */
export interface Broker {
  readonly url: string;
  close(): Promise<void>;
}

export interface BrokerSettings {
  /** Whether it sends small packets at once (TCP_NODELAY). Mosquitto does not unless told. Default true. */
  readonly noDelay?: boolean;
}

export type StartBroker = (settings: BrokerSettings) => Promise<Broker>;

/** Messages that one client may have unacknowledged: the same window for every contestant. */
export const WINDOW = 256;
