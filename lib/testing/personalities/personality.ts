import type { MqttBrokerOptions } from '../broker-options.js';

/** One known deviation of a broker. */
export interface Trait {
  /** The options that imitate it. */
  readonly options: Readonly<MqttBrokerOptions>;
  /** Publication or measured version. */
  readonly source: string;
}

/** The known deviations of one broker. */
export type Personality = readonly Trait[];
