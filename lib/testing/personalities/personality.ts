import type { MqttBrokerOptions } from '../broker-options.js';

/** One thing that a broker is known for. */
export interface Trait {
  /** The options that have the in-process broker do it. */
  readonly options: Readonly<MqttBrokerOptions>;
  /** Where it is published, or on what it was measured. */
  readonly source: string;
}

/** What is known of one broker. */
export type Personality = readonly Trait[];
