import type { MqttPublishOptions } from '../options/publish-options.js';
import type { MessageProperties, UserProperties } from '../protocol/application-message.js';

/** Properties of a message that do not come from its own options. */
interface Surroundings {
  /** Content Type set by the codec. */
  readonly contentType: string | undefined;
  /** Message Expiry Interval in seconds, if the options have none. */
  readonly messageExpiryInterval: number | undefined;
  /** All User Properties, including those of the options; an empty object is not sent. */
  readonly userProperties: UserProperties | undefined;
}

/** Writes the properties of a message (5.0) that are set into `properties`. */
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

/** Merges User Properties; later ones replace earlier ones of the same name. `undefined` when all are empty. */
export function mergeUserProperties(
  ...sets: readonly (Readonly<UserProperties> | undefined)[]
): UserProperties | undefined {
  let merged: UserProperties | undefined;
  for (const set of sets) if (set && Object.keys(set).length > 0) merged = merged ? { ...merged, ...set } : set;
  return merged;
}
