import type { ResolvedBrokerOptions } from './broker-options.js';

/** Whether a Topic Name or a Topic Filter, `$share/<group>/` not counted, is longer or deeper than the broker takes. */
export function exceedsTopicLimits(
  { maximumTopicBytes, maximumTopicLevels }: ResolvedBrokerOptions,
  topic: string,
): boolean {
  if (maximumTopicBytes === Infinity && maximumTopicLevels === Infinity) return false;
  const bare = topic.replace(/^\$share\/[^/]+\//, '');
  return Buffer.byteLength(bare) > maximumTopicBytes || bare.split('/').length > maximumTopicLevels;
}
