import type { MqttPublishOptions } from '../options/publish-options.js';
import type { MessageProperties, UserProperties } from '../protocol/application-message.js';

/** What is known of a message beside its own options. */
interface Surroundings {
  /** Content Type that the codec names. */
  readonly contentType: string | undefined;
  /** Message Expiry Interval in seconds, unless the options say otherwise. */
  readonly messageExpiryInterval: number | undefined;
  /** All User Properties, those of the options included; an empty set is not sent. */
  readonly userProperties: UserProperties | undefined;
}

/** Writes the properties of a message (5.0) into `properties`, leaving out what is not given. */
export function fillProperties(
  properties: MessageProperties,
  options: Readonly<MqttPublishOptions>,
  { contentType, messageExpiryInterval, userProperties }: Surroundings,
): MessageProperties {
  const type = options.contentType ?? contentType;
  if (type !== undefined) properties.contentType = type;
  const expiry = options.messageExpiryInterval ?? messageExpiryInterval;
  if (expiry !== undefined) properties.messageExpiryInterval = expiry;
  if (options.payloadFormatIndicator !== undefined) properties.payloadFormatIndicator = options.payloadFormatIndicator;
  if (userProperties) properties.userProperties = userProperties;
  return properties;
}

/** Puts sets of User Properties together, later ones over earlier ones; `undefined` when there is none in any of them. */
export function mergeUserProperties(
  ...sets: readonly (Readonly<UserProperties> | undefined)[]
): UserProperties | undefined {
  let merged: UserProperties | undefined;
  for (const set of sets) if (set && Object.keys(set).length > 0) merged = merged ? { ...merged, ...set } : set;
  return merged;
}
