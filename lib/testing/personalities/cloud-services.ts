import type { Personality } from './personality.js';

// Cloud services: their published limits.

const AWS_QUOTAS = 'docs.aws.amazon.com/general/latest/gr/iot-core.html, message broker and protocol quotas';
const AWS_MQTT = 'docs.aws.amazon.com/iot/latest/developerguide/mqtt.html';

export const AWS_IOT: Personality = [
  { options: { maximumQoS: 1 }, source: `${AWS_MQTT}, Quality of Service options` },
  { options: { receiveMaximum: 100 }, source: `${AWS_QUOTAS}: inbound unacknowledged QoS 1 publish requests` },
  { options: { maximumPacketSize: 131_072 }, source: `${AWS_QUOTAS}: message size` },
  { options: { maximumFiltersPerSubscribe: 8 }, source: `${AWS_QUOTAS}: subscriptions per subscribe request` },
  { options: { maximumSubscriptions: 50 }, source: `${AWS_QUOTAS}: subscriptions per connection` },
  { options: { maximumTopicLevels: 8 }, source: `${AWS_QUOTAS}: 7 slashes in topic and topic filter` },
  { options: { maximumTopicBytes: 256 }, source: `${AWS_QUOTAS}: topic size` },
  { options: { maximumKeepAlive: 1_200 }, source: `${AWS_QUOTAS}: connection inactivity` },
  { options: { maximumSessionExpiry: 3_600 }, source: `${AWS_QUOTAS}: persistent session expiry period` },
  { options: { subscriptionIdentifiers: false }, source: 'repost.aws, question QUF0gW3T7JSWOeRfHK79YpHQ' },
  { options: { hangsUpOverForbidden: true }, source: 'github.com/aws/aws-iot-device-sdk-js/issues/125' },
];

const AZURE_SUPPORT = 'learn.microsoft.com/azure/event-grid/mqtt-support';

export const AZURE_EVENT_GRID: Personality = [
  { options: { maximumQoS: 1 }, source: `${AZURE_SUPPORT}, current limitations` },
  { options: { sharedSubscriptions: false }, source: `${AZURE_SUPPORT}, current limitations` },
  { options: { retainAvailable: false }, source: `${AZURE_SUPPORT}, current limitations` },
  { options: { subscriptionIdentifiers: false }, source: `${AZURE_SUPPORT}, current limitations` },
  { options: { assignsClientIds: false }, source: `${AZURE_SUPPORT}, current limitations` },
  { options: { topicAliasMaximum: 10 }, source: `${AZURE_SUPPORT}, topic aliases` },
  { options: { maximumPacketSize: 524_288 }, source: `${AZURE_SUPPORT}, flow control` },
  { options: { maximumKeepAlive: 1_160 }, source: `${AZURE_SUPPORT}, current limitations` },
  { options: { maximumSessionExpiry: 3_600 }, source: `${AZURE_SUPPORT}, maximum session expiry interval` },
  { options: { maximumQueuedMessages: 100 }, source: `${AZURE_SUPPORT}, session overflow` },
  { options: { sessionsPerUser: 1 }, source: `${AZURE_SUPPORT}, multi-session support` },
  { options: { hangsUpOverRefusals: true }, source: `${AZURE_SUPPORT}, current limitations` },
];
