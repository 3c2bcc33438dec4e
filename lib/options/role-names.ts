/** Options that servers and clients have in common, besides connection and payload options. */
export const OF_BOTH_ROLES = { publishOptions: true, gracefulTimeout: true } as const;

/** Options that only servers have. */
export const OF_SERVERS = {
  transportId: true,
  subscribeOptions: true,
  maxConcurrency: true,
  handlerTimeout: true,
  redelivery: true,
  negativeAcknowledgements: true,
  qos0Buffer: true,
  maxPayloadBytes: true,
  deadLetters: true,
  onStaleSubscription: true,
  allowedResponseTopics: true,
  waitForBroker: true,
} as const;

/** Options that only clients have. */
export const OF_CLIENTS = {
  requestTimeout: true,
  responseTopicPrefix: true,
  maxPendingRequests: true,
  offline: true,
  maxQueuedMessages: true,
  envelope: true,
  requestFormat: true,
  userProperties: true,
  topicTemplates: true,
} as const;
