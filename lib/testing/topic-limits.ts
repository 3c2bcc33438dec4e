import type { ResolvedBrokerOptions } from './broker-options.js';

/** Whether a Topic Name or a Topic Filter (without `$share/<group>/`) exceeds the limits of length or levels. */
export function exceedsTopicLimits(
  { maximumTopicBytes, maximumTopicLevels }: ResolvedBrokerOptions,
  topic: string,
): boolean {
  if (maximumTopicBytes === Infinity && maximumTopicLevels === Infinity) return false;
  const bare = topic.replace(/^\$share\/[^/]+\//, '');
  return Buffer.byteLength(bare) > maximumTopicBytes || bare.split('/').length > maximumTopicLevels;
}
