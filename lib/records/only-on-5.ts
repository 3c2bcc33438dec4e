import { FeatureNotSupportedError } from '../errors/feature-not-supported.error.js';
import type { MqttRecordOptions } from './mqtt-record.js';

const ONLY_ON_5: readonly (keyof MqttRecordOptions)[] = [
  'userProperties',
  'contentType',
  'responseTopic',
  'correlationData',
  'messageExpiryInterval',
  'payloadFormatIndicator',
];

/**
 * Refuses options that a 3.1.1 message cannot have.
 *
 * @param what description of the message for the error
 * @throws FeatureNotSupportedError that names the option
 */
export function refuseProperties(what: string, options: Readonly<Partial<MqttRecordOptions>>): void {
  refuseOptions(what, options, ONLY_ON_5);
}

/** Refuses options that 3.1.1 does not have. */
export function refuseOptions<Name extends string>(
  what: string,
  options: Readonly<Partial<Record<Name, unknown>>>,
  onlyOn5: readonly Name[],
): void {
  const option = onlyOn5.find((name) => options[name] !== undefined);
  if (option === undefined) return;
  throw new FeatureNotSupportedError(
    `${option} of ${what}`,
    'MQTT 3.1.1 does not have it',
    'Remove it, or use protocolVersion 5',
  );
}
