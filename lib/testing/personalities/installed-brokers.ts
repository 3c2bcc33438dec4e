import type { Personality } from './personality.js';

// Installable brokers: measured behaviour, and default limits.

export const MOSQUITTO: Personality = [
  { options: { receiveMaximum: 20 }, source: 'mosquitto.conf(5), max_inflight_messages' },
  { options: { topicAliasMaximum: 10 }, source: 'mosquitto.conf(5), max_topic_alias' },
  { options: { overlap: 'each' }, source: 'measured on 2.0.11' },
  { options: { keepsQuotaAfterRefusal: true }, source: 'measured on 2.0.11 and 2.1.2' },
  { options: { hangsUpOverDiscouragedCharacters: true }, source: 'measured on 2.0.11' },
  { options: { announcesTakeover: false }, source: 'measured on 2.0.11' },
  { options: { retainedForShared: true }, source: 'measured on 2.0.11' },
];

export const HIVEMQ: Personality = [
  { options: { receiveMaximum: 10 }, source: 'HiveMQ, MQTT configuration, server-receive-maximum' },
  { options: { keepsQuotaAfterRefusal: true }, source: 'measured on HiveMQ CE 2025.5' },
  {
    options: { losesSharedInBatches: true },
    source: 'measured on HiveMQ CE 2025.5; ClientSessionSubscriptionPersistenceImpl.addBatchedTopics',
  },
];

export const RABBITMQ: Personality = [
  { options: { maximumQoS: 1 }, source: 'rabbitmq.com/docs/mqtt, limitations; measured on 4.3.6 (0x9B)' },
  { options: { sharedSubscriptions: false }, source: 'measured on 4.3.6 (0x9E)' },
  { options: { sharedSubscriptionsOn311: 'silent' }, source: 'measured on 4.3.6' },
  { options: { retainedForWildcards: false }, source: 'rabbitmq.com/docs/mqtt, retained messages' },
  {
    options: { maximumSessionExpiry: 86_400 },
    source: 'rabbitmq.com/docs/mqtt, mqtt.max_session_expiry_interval_seconds',
  },
];

export const ARTEMIS: Personality = [
  { options: { overlap: 'each' }, source: 'measured on 2.40' },
  {
    options: { copyIdentifiers: 'all' },
    source: 'measured on 2.40; MQTTSessionState.getMatchingSubscriptionIdentifiers',
  },
  { options: { sharedIdentifiers: false }, source: 'measured on 2.40' },
  { options: { keepsQuotaAfterRefusal: true }, source: 'measured on 2.40' },
];

export const AEDES: Personality = [
  { options: { sharedSubscriptions: 'refused' }, source: 'measured on 2.0.0-beta.1 (0x9E)' },
  { options: { sharedSubscriptionsOn311: 'silent' }, source: 'measured on 2.0.0-beta.1 and 1.2' },
  { options: { copyIdentifiers: 'one' }, source: 'measured on 2.0.0-beta.1' },
];

export const MOCHI: Personality = [
  { options: { malformedPuback: true }, source: 'measured on 2.7.9; github.com/mochi-mqtt/server/issues/474' },
  { options: { keepsQuotaAfterRefusal: true }, source: 'measured on 2.7.9' },
];
